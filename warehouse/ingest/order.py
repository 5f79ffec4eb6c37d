"""What is asked of a load: rows of which kind, from which source, how read and how merged."""

from dataclasses import dataclass, field

from warehouse.ingest.batch import Tally
from warehouse.ingest.errors import IngestError
from warehouse.ingest.kind import REPLACES, Kind
from warehouse.ingest.mapping import Mapping
from warehouse.models.ops import IngestMode


@dataclass(frozen=True)
class Limit:
    """How many rejects a load may have: a number, or a share of the rows read."""

    most: int | None = None
    share: float | None = None

    def refuses(self, tally: Tally, *, at_end: bool) -> bool:
        if self.most is not None and tally.rejected > self.most:
            return True
        if self.share is None or not at_end:
            return False
        return tally.rejected > self.share * tally.read

    def __str__(self) -> str:
        return str(self.most) if self.share is None else f"{self.share:.4g} of the rows"


@dataclass(frozen=True)
class Order:
    """What is asked: the kind, and how its rows are read and merged."""

    kind: Kind
    source: str
    mapping: Mapping = field(default_factory=Mapping)
    mode: IngestMode = IngestMode.INSERT
    limit: Limit = Limit()
    backfill: bool = False
    creates_instruments: bool = False
    creates_source: bool = False

    def refuse_mode(self) -> None:
        """Only what may be restated, and has a key, can be upserted."""
        kind = self.kind
        if self.mode is not IngestMode.UPSERT or kind.is_restatable:
            return
        why, cure = "are never rewritten", "--mode ignore passes by rows that are there already"
        if REPLACES in kind.fields:
            cure = "a correction or a bust is a row of its kind that names what it replaces"
        elif not kind.is_append_only:
            why = "have nothing that tells one from another"
            cure = "leave --mode out to add rows"
        raise IngestError(
            f"{kind.title} {why}, so --mode upsert is not for them. Nothing was loaded; {cure}."
        )
