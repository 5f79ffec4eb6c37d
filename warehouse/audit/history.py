"""Who changed what: the events by entity, actor, request and time, a page at a time, by index.

What became of one record, version by version, is in `versions`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from itertools import pairwise
from typing import Any, LiteralString, NamedTuple, Self

from psycopg import Connection, sql
from psycopg.rows import class_row

from warehouse.errors import WarehouseError
from warehouse.models.audited import Audited, audited
from warehouse.sql import query

MOMENT = timedelta(microseconds=1)
DAYS = timedelta(days=32)  # from the first of a month into the next
# Among so many events a key that is not rare fills a page; one that is rare is in few enough.
NEARBY = 20_000


class CursorRefused(WarehouseError):
    """The cursor is not one of these pages; start again without it."""


class UnknownTable(WarehouseError):
    """There is no such audited table."""


def audited_table(name: str) -> Audited:
    """The audited table of that name."""
    found = {each.table: each for each in audited()}
    if name not in found:
        close = get_close_matches(name, found, 1, 0.5)
        near = f" Did you mean {close[0]}?" if close else f" Those are {', '.join(sorted(found))}."
        raise UnknownTable(f"{name} is no audited table.{near}")
    return found[name]


class Position(NamedTuple):
    """Where a page ended: the sort key of its last row."""

    occurred_at: datetime
    event_id: int
    image_no: int = 0

    def __str__(self) -> str:
        return f"{self.occurred_at.isoformat()},{self.event_id},{self.image_no}"

    @classmethod
    def parse(cls, cursor: str) -> Self:
        try:
            moment, event_id, image_no = cursor.split(",")
            at = datetime.fromisoformat(moment)
            found = cls(at, int(event_id), int(image_no))
        except ValueError as error:
            raise CursorRefused from error
        if at.tzinfo is None:
            raise CursorRefused
        return found


@dataclass(frozen=True)
class Asked:
    """What the events must match; None asks nothing. `since` is included, `until` is not."""

    table: str | None = None
    account_id: int | None = None
    instrument_id: int | None = None
    actor: str | None = None
    request_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    event_ids: Sequence[int] | None = None

    def parameters(self) -> dict[str, Any]:
        schema, _, name = (self.table or "").partition(".")
        return {**asdict(self), "table_schema": schema or None, "table_name": name or None}

    @property
    def keys(self) -> dict[str, int]:
        """The key arrays that are asked, and for what."""
        asked = {"account_ids": self.account_id, "instrument_ids": self.instrument_id}
        return {column: key for column, key in asked.items() if key is not None}


@dataclass(frozen=True)
class Event:
    """A write: who, when, for what, and where it reaches; null keys are too many to list."""

    event_id: int
    occurred_at: datetime
    actor: str
    login_role: str
    application: str | None
    request_id: str | None
    reason: str | None
    relation: str
    operation: str
    row_count: int
    time_from: datetime | None
    time_to: datetime | None
    account_ids: Sequence[int] | None
    instrument_ids: Sequence[int] | None
    batch_id: int | None


@dataclass(frozen=True)
class Page:
    """Some events, and where the next page begins; None is the end."""

    events: Sequence[Event]
    next: Position | None


def events(
    conn: Connection[Any],
    asked: Asked,
    *,
    after: Position | None = None,
    limit: int = 50,
    newest_first: bool = True,
) -> Page:
    """The events that match, ordered by time and then key.

    A key also finds the events that touched too many keys to list: they may have touched this one.
    """
    pager = _Pager(conn, after, newest_first)
    found = pager.find(_behind(asked, after, newest_first), limit + 1)
    if asked.table and not found:
        _refuse_unknown(conn, asked.table)
    if len(found) <= limit:
        return Page(found, None)
    last = found[limit - 1]
    return Page(found[:limit], Position(last.occurred_at, last.event_id))


def _refuse_unknown(conn: Connection[Any], table: str) -> None:
    """Rollups have events too, of their refreshes; a name without any that is not audited is a slip."""
    if not _Pager(conn, None, newest_first=True).find(Asked(table=table), 1):
        audited_table(table)


@dataclass(frozen=True)
class _Pager:
    """Reads in one direction from a position on."""

    conn: Connection[Any]
    after: Position | None
    newest_first: bool

    def find(self, asked: Asked, wanted: int) -> list[Event]:
        if not asked.keys:
            return self._run(asked, _ORDERED, wanted)
        # By order while the key is common, by the key while it is rare: the planner, which must
        # guess how common it is, would at times walk the whole log.
        near = self._run(asked, _NEAR, wanted)
        return near if len(near) == wanted else self._by_key(asked, wanted)

    def _by_key(self, asked: Asked, wanted: int) -> list[Event]:
        found: list[Event] = []
        for month in self._months(asked):
            found += self._run(month, _BY_KEY, wanted - len(found))
            if len(found) == wanted:
                break
        return found

    def _months(self, asked: Asked) -> Sequence[Asked]:
        """What is asked, cut into months, so that no more is gathered than the page needs."""
        span = self.conn.execute(query("audit/read_event_span"), asked.parameters()).fetchone()
        if span is None or span[0] is None:
            return []
        bounds = list(_month_bounds(span[0], span[1] + MOMENT))
        parts = [replace(asked, since=a, until=b) for a, b in pairwise(bounds)]
        return parts[::-1] if self.newest_first else parts

    def _run(self, asked: Asked, shape: LiteralString, wanted: int) -> list[Event]:
        statement, parameters = self.statement(asked, shape, wanted)
        with self.conn.cursor(row_factory=class_row(Event)) as cursor:
            # Planned with its values: a plan for any value would use no index.
            return cursor.execute(statement, parameters, prepare=False).fetchall()

    def statement(
        self, asked: Asked, shape: LiteralString, wanted: int
    ) -> tuple[sql.Composed, dict[str, Any]]:
        """What is run, and with what."""
        at, event_id, _ = self.after or (None, None, None)
        listed: LiteralString = "({0} @> array[{1}::bigint] or {0} is null)"
        keys = [
            sql.SQL(listed).format(sql.Identifier(column), sql.Literal(key))
            for column, key in asked.keys.items()
        ]
        statement = sql.SQL(shape).format(
            events=sql.SQL(query("audit/list_events")),
            behind=sql.SQL("<" if self.newest_first else ">"),
            way=sql.SQL("desc" if self.newest_first else "asc"),
            keys=sql.SQL(" and ").join(keys),
            near=NEARBY,
        )
        return statement, asked.parameters() | {"at": at, "id": event_id, "wanted": wanted}


_BEHIND: LiteralString = """
    select * from ({events}) as e
    where %(at)s::timestamptz is null or (e.occurred_at, e.event_id) {behind} (%(at)s, %(id)s)
"""
_ORDER: LiteralString = "order by e.occurred_at {way}, e.event_id {way}"
_ORDERED = f"{_BEHIND} {_ORDER} limit %(wanted)s"
_NEAR = (
    f"select * from ({_BEHIND} {_ORDER} limit {{near}}) as e"
    f" where {{keys}} {_ORDER} limit %(wanted)s"
)
_BY_KEY = (
    f"with e as materialized (select * from ({_BEHIND}) as e where {{keys}})"
    f" select * from e {_ORDER} limit %(wanted)s"
)


def _behind(asked: Asked, after: Position | None, newest_first: bool) -> Asked:
    """Narrowed to the partitions that lie behind a position; comparing rows prunes none."""
    if after is None:
        return asked
    if newest_first:
        end = after.occurred_at + MOMENT
        return replace(asked, until=min(asked.until or end, end))
    return replace(asked, since=max(asked.since or after.occurred_at, after.occurred_at))


def _month_bounds(start: datetime, end: datetime) -> Iterator[datetime]:
    """The two ends, and the firsts of the months between."""
    while start < end:
        yield start
        start = (start.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + DAYS).replace(
            day=1
        )
    yield end
