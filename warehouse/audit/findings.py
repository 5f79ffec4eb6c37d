"""What a verification found: where it is, and what is wrong there."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class What(StrEnum):
    """The kinds of trouble, from the outside in."""

    HEAD = "head"  # a seal does not hold together, or is not signed by a trusted key
    GONE = "gone"  # a seal that was published is missing, or is another one
    SHAPE = "shape"  # columns that were sealed are gone or changed
    EVENT = "event"  # an event is not what was sealed
    MISSING = "missing"  # an event that was sealed is not there
    UNSEALED = "unsealed"  # an event stands behind the sealer, and no seal names it
    ROWS = "rows"  # the rows or images of an event are not what was sealed
    DOUBT = "doubt"  # rows did not fit their event when it was sealed already


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, as exactly as it can be located."""

    what: What
    told: str
    seal_id: int | None = None
    event_id: int | None = None
    table: str | None = None
    keys: tuple[str, ...] = ()


@dataclass
class Report:
    """What was verified, and what was found."""

    seals: int = 0
    events: int = 0
    rows: int = 0
    archived_events: int = 0
    archived_rows: int = 0
    unsealed: int = 0
    newest: int = 0
    findings: list[Finding] = field(default_factory=list)

    def add(self, other: "Report") -> None:
        """Take in what a part of the work found."""
        self.seals += other.seals
        self.events += other.events
        self.rows += other.rows
        self.archived_events += other.archived_events
        self.archived_rows += other.archived_rows
        self.findings += other.findings


@dataclass(frozen=True)
class Retired:
    """Ranges that were taken out of their tables."""

    ranges: frozenset[tuple[str, datetime, datetime]]

    @classmethod
    def of(cls, rows: Iterable[tuple[str, datetime, datetime]]) -> "Retired":
        return cls(frozenset(rows))

    def reach(self, table: str, start: datetime | None, end: datetime | None) -> bool:
        """Whether a part of [start, end) of a table was taken out."""
        return any(
            name == table and (start is None or start < until) and (end is None or since < end)
            for name, since, until in self.ranges
        )
