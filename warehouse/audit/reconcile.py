"""Proves that the rows and the events agree: none without the other, and counts that add up.

An event's rows are those that name it and those that an image says named it until they were
replaced. What the rows say is not looked at here: their hashes are sealed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, LiteralString, NamedTuple

from psycopg import Connection, sql
from psycopg.rows import namedtuple_row
from psycopg.types.multirange import Multirange
from psycopg.types.range import Range

from warehouse.audit.history import audited_table
from warehouse.models.audited import Audited, Kind, audited
from warehouse.sql import query

EVENTS, IMAGES = "audit.events", "audit.images"
# A trigger of trades fills the other, with an event of its own.
TRADES, REPLACEMENTS = "trading.trades", "trading.trade_replacements"
NAMELESS = (Kind.RECORD, Kind.REFERENCE)
FETCHED = 2000


class Wrong(StrEnum):
    """What does not agree."""

    ROWS_MISSING = "rows missing"  # the event wrote more than there are
    ROWS_EXTRA = "rows extra"  # more rows name the event than it wrote
    EVENT_MISSING = "event missing"  # rows or images name an event that the table does not have
    IMAGES_MISSING = "images missing"
    IMAGES_EXTRA = "images extra"
    REPLACEMENT_MISSING = "replacement missing"  # a correction or bust that replaces nothing
    REPLACEMENT_EXTRA = "replacement extra"  # a trade is replaced by one that does not say so
    COUNT = "count"  # rows that name no event are more or fewer than were written
    ARCHIVE = "archive"  # what the events miss is not what was archived


@dataclass(frozen=True)
class Discrepancy:
    """One thing that does not agree; `rows` is by how many."""

    what: Wrong
    table: str
    event_id: int | None
    rows: int
    about: str = ""


@dataclass(frozen=True)
class Period:
    """A table's events of a month, and where their rows are: told = standing + replaced + archived."""

    table: str
    month: datetime | None
    events: int
    told: int
    standing: int
    replaced: int
    archived: int
    missing: int
    extra: int


Finding = Period | Discrepancy


class Archived(NamedTuple):
    """What was taken out of the tables into archives: a row each."""

    rows: Sequence[tuple[str, datetime, datetime, int]]

    def of(self, table: str) -> Multirange[datetime]:
        return Multirange([Range(start, end) for name, start, end, _ in self.rows if name == table])

    def count(self, table: str) -> int:
        return sum(count for name, _, _, count in self.rows if name == table)

    def end(self, table: str) -> datetime | None:
        return max((end for name, _, end, _ in self.rows if name == table), default=None)


class _Scope(NamedTuple):
    """What is looked at: everything, or the events from one on."""

    archived: Archived
    since: datetime | None
    first: int | None

    def parameters(self, table: str = "") -> dict[str, Any]:
        schema, _, name = table.partition(".")
        return {
            "table_schema": schema,
            "table_name": name,
            "since": self.since,
            "first": self.first,
            "retired": self.archived.of(table),
            "events_retired": self.archived.of(EVENTS),
            "images_retired": self.archived.of(IMAGES),
            # What replaced a row may stand in an image that was archived since.
            "images_from": self.archived.end(IMAGES),
        }


def reconcile(
    conn: Connection[Any], *, since: datetime | None = None, tables: Sequence[str] | None = None
) -> Iterator[Finding]:
    """Compare in one snapshot, which a transaction just begun takes here; what is found comes as it is read.

    With `since`, only what was written by events from then on. A transaction that had been open for
    more than a day before that may then be told to have lost rows: run it whole to see.
    """
    chosen = [*audited()] if tables is None else [audited_table(each) for each in tables]
    _begin(conn, chosen)
    archived = Archived(conn.execute(query("audit/list_archived")).fetchall())
    first = None
    if since:
        row = conn.execute(query("audit/read_first_event"), {"since": since}).fetchone()
        first = row[0] if row else None
        if first is None:
            return
    scope = _Scope(archived, since, first)
    for table in chosen:
        if table.kind not in NAMELESS:
            yield from _rows(conn, table.table, scope)
        elif since is None and not archived.of(EVENTS):
            yield from _count(conn, table, scope)
    yield from _images(conn, chosen, scope)
    if any(table.table == TRADES for table in chosen):
        yield from _rows(conn, REPLACEMENTS, scope)
        yield from _replacements(conn, scope)


def _begin(conn: Connection[Any], tables: Sequence[Audited]) -> None:
    """Locked before the snapshot is taken, no partition is detached between it and a table's turn."""
    conn.execute("set transaction isolation level repeatable read, read only")
    names = [sql.Identifier(*each.table.split(".")) for each in tables]
    only = sql.SQL(", ").join(sql.SQL("only {}").format(name) for name in names)
    conn.execute(sql.SQL("lock table {} in access share mode").format(only))


def _rows(conn: Connection[Any], table: str, scope: _Scope) -> Iterator[Finding]:
    missed = 0
    for row in _stream(conn, rows_statement(table), scope.parameters(table)):
        if row.event_id is None:
            missed += row.archived
            yield Period(table, row.period, *row[3:])
        elif row.is_unknown:
            yield Discrepancy(Wrong.EVENT_MISSING, table, row.event_id, row.extra)
        else:
            what = Wrong.ROWS_MISSING if row.missing else Wrong.ROWS_EXTRA
            yield Discrepancy(what, table, row.event_id, row.missing or row.extra)
    # Once images were retired as well, some of what is missed may have been replaced instead.
    kept = scope.archived.count(table)
    if scope.first is None and missed != kept and not scope.archived.of(IMAGES):
        about = f"{missed} rows are not in the table, {kept} are in its archives"
        yield Discrepancy(Wrong.ARCHIVE, table, None, abs(missed - kept), about)


def rows_statement(table: str) -> sql.Composed:
    """What compares a table with its events."""
    return sql.SQL(_FOUND).format(
        table=sql.Identifier(*table.split(".")),
        agreement=sql.SQL(query("audit/reconcile_rows")),
    )


_FOUND: LiteralString = """
    with found as (
        select event_id, count(*) as row_count
        from {table}
        where %(first)s::bigint is null or event_id >= %(first)s
        group by event_id
    )
    select * from ({agreement}) as r
"""


def _count(conn: Connection[Any], table: Audited, scope: _Scope) -> Iterator[Discrepancy]:
    """Rows that name no event: as many as came and did not go."""
    name = sql.Identifier(*table.table.split("."))
    told, standing = (
        conn.execute(statement, scope.parameters(table.table)).fetchall()[0][0]
        for statement in (
            query("audit/sum_written_rows"),
            sql.SQL("select count(*) from {}").format(name),
        )
    )
    if told != standing:
        about = f"the events leave {told} rows, {standing} are there"
        yield Discrepancy(Wrong.COUNT, table.table, None, abs(told - standing), about)


def _images(
    conn: Connection[Any], tables: Sequence[Audited], scope: _Scope
) -> Iterator[Discrepancy]:
    named = {
        "tables": [each.table for each in tables],
        "records": [each.table for each in tables if each.kind is Kind.RECORD],
    }
    statement = sql.SQL(query("audit/reconcile_images"))
    for row in _stream(conn, statement, scope.parameters() | named):
        what = Wrong.IMAGES_MISSING if row.missing else Wrong.IMAGES_EXTRA
        if row.is_unknown:
            what = Wrong.EVENT_MISSING
        yield Discrepancy(what, row.relation, row.event_id, row.missing or row.extra)


def _replacements(conn: Connection[Any], scope: _Scope) -> Iterator[Discrepancy]:
    statement = sql.SQL(query("audit/reconcile_replacements"))
    for row in _stream(conn, statement, scope.parameters(TRADES)):
        what = Wrong.REPLACEMENT_EXTRA if row.is_extra else Wrong.REPLACEMENT_MISSING
        yield Discrepancy(what, TRADES, row.event_id, 1, f"replaces {row.replaced}")


def _stream(
    conn: Connection[Any], statement: sql.SQL | sql.Composed, parameters: dict[str, Any]
) -> Iterator[Any]:
    """However much does not agree, no more than a little of it is held at a time."""
    with conn.cursor("reconcile", row_factory=namedtuple_row) as cursor:
        cursor.itersize = FETCHED
        yield from cursor.execute(statement, parameters)
