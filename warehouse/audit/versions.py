"""What one record was at any time: its versions, what each write changed, and who wrote it.

Told from the images beside the events, from the row as it stands, and, for trades, from their
corrections. Who wrote anything at all is in `history`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, LiteralString, NamedTuple

from psycopg import Connection, DataError, sql
from psycopg.rows import class_row
from sqlalchemy import Column, Dialect
from sqlalchemy.dialects import postgresql

from warehouse.audit.history import Asked, Event, Position, audited_table, events
from warehouse.errors import WarehouseError
from warehouse.models import Base
from warehouse.models.audited import Audited, Kind
from warehouse.sql import query

State = Mapping[str, Any]
TRADES = "trading.trades"
# Far more than transactions overlap on one row.
OVERLAPPING = 50
DIALECT: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]


class UnknownRecord(WarehouseError):
    """There is no such record; nothing is kept of one."""


@dataclass(frozen=True)
class Record:
    """One row of an audited table, by its primary key."""

    table: Audited
    key: str

    @property
    def names_event(self) -> bool:
        """Whether each row says which event wrote it."""
        return self.table.kind not in (Kind.RECORD, Kind.REFERENCE)

    @property
    def parameters(self) -> dict[str, Any]:
        schema, _, name = self.table.table.partition(".")
        return {
            "table_schema": schema,
            "table_name": name,
            "row_key": self.key,
            "restated": self.table.kind is Kind.RESTATABLE,
        }

    def columns(self) -> dict[str, str]:
        """The primary key's columns, and what each of them is."""
        names = [column.name for column in _key_of(self.table.table)]
        values = self.key.split("/", len(names) - 1)
        if len(values) < len(names):
            raise self.misspelled()
        return dict(zip(names, values, strict=True))

    def misspelled(self) -> UnknownRecord:
        names = "/".join(column.name for column in _key_of(self.table.table))
        return UnknownRecord(f"{self.key} is no key of {self.table.table}: it is {names}.")


@dataclass(frozen=True)
class Image:
    """A change of a record; a restated fact's new state is the row, or the next change's `before`."""

    event_id: int
    occurred_at: datetime
    image_no: int
    before: State | None
    after: State | None
    gone: bool

    @property
    def position(self) -> Position:
        return Position(self.occurred_at, self.event_id, self.image_no)

    def precedes(self, other: "Image") -> bool:
        """Whether the other found what this one left."""
        if other.before is None:
            return False
        if "event_id" in other.before:
            return bool(other.before["event_id"] == self.event_id)
        return other.before == self.after


@dataclass(frozen=True)
class Version:
    """What a write made of a record; no state: it is gone. No event: it is older than the log."""

    event: Event | None
    state: State | None
    before: State | None = None

    @property
    def changes(self) -> dict[str, tuple[Any, Any]]:
        """What the write changed, by column: from what, to what."""
        old, new = self.before or {}, self.state or {}
        return {c: (old.get(c), new.get(c)) for c in {**old, **new} if old.get(c) != new.get(c)}


class Versions(NamedTuple):
    """Some versions, newest first, and where the next page begins; None is the end."""

    versions: Sequence[Version]
    next: Position | None


class _Write(NamedTuple):
    """A version before its event is looked up."""

    event_id: int | None
    state: State | None


def record(conn: Connection[Any], table: str, key: str) -> Record:
    """The record that a table's name and a key mean; the key may be spelled as PostgreSQL reads it."""
    given = Record(audited_table(table), key)
    values = given.columns()
    types = [column.type.compile(DIALECT) for column in _key_of(table)]
    spelled = sql.SQL("select concat_ws('/', {})").format(
        sql.SQL(", ").join(sql.SQL("cast(%s as {})").format(sql.SQL(each)) for each in types)
    )
    try:
        row = conn.execute(spelled, list(values.values())).fetchone()
    except DataError as error:
        raise given.misspelled() from error
    assert row
    return Record(given.table, row[0])


def versions(
    conn: Connection[Any], of: Record, *, after: Position | None = None, limit: int = 50
) -> Versions:
    """The versions of a record, from the present backwards; `limit` counts the changes read."""
    read = _images(conn, of, _OLDER, limit + 1, after)
    changes = in_order(read[::-1])[::-1]
    groups = [list(_written(of, each, older)) for each, older in pairwise([*changes, None]) if each]
    if after is None:
        groups.insert(0, list(_standing(conn, of, changes)))
    writes = [write for group in groups for write in group]
    if not writes and after is None:
        raise UnknownRecord(f"{of.table.table} has no row {of.key}, and no change of one is kept.")
    found = _dressed(conn, writes)
    if len(read) <= limit:
        return Versions(found, None)
    return Versions(found[: len(found) - len(groups[-1])], read[limit - 1].position)


def as_of(conn: Connection[Any], of: Record, moment: datetime) -> Version:
    """What a record was then; a transaction counts from the time it began.

    A trade is then what its newest correction says, the bust included.
    """
    later = in_order(_images(conn, of, _LATER, OVERLAPPING, Position(moment, 0)))
    state = later[0].before if later else _row(conn, of)
    writes = [_write(of, state), *(_write(of, each) for each in _corrections(conn, of))]
    if not (later or state or _images(conn, of, _OLDER, 1, None)):
        raise UnknownRecord(f"{of.table.table} has no row {of.key}, and no change of one is kept.")
    stood = [
        each
        for each in _dressed(conn, writes)
        if each.state and (each.event is None or each.event.occurred_at <= moment)
    ]
    return stood[-1] if stood else Version(None, None)


def in_order(images: Sequence[Image]) -> list[Image]:
    """As they came upon each other, where they are given as their transactions began.

    Of two transactions that overlap, the one that began first may have written last; each change
    found what the one before had left.
    """
    left, ordered = list(images), list[Image]()
    while left:
        follows = [each for each in left if ordered and ordered[-1].precedes(each)]
        starts = [each for each in left if not any(other.precedes(each) for other in left)]
        ordered.append((follows or starts or left)[0])
        left.remove(ordered[-1])
    return ordered


# -- from images to versions -----------------------------------------------------------------------


def _written(of: Record, image: Image, older: Image | None) -> Iterator[_Write]:
    """What a change tells of: its own write where the row does not, and the write it replaced."""
    if of.names_event:
        if image.gone:
            yield _Write(image.event_id, None)
        if image.before:
            yield _write(of, image.before)
        return
    yield _Write(image.event_id, image.after)
    if image.before and not (older and older.after):
        yield _Write(None, image.before)


def _standing(conn: Connection[Any], of: Record, changes: Sequence[Image]) -> Iterator[_Write]:
    """What stands now, where no change tells it."""
    for correction in reversed(_corrections(conn, of)):
        yield _write(of, correction)
    row = _row(conn, of)
    if row and (of.names_event or not changes):
        yield _write(of, row)


def _write(of: Record, state: State | None) -> _Write:
    return _Write(state["event_id"] if state and of.names_event else None, state)


def _dressed(conn: Connection[Any], writes: Sequence[_Write]) -> list[Version]:
    """With their events, and each with the state that the next in the sequence had."""
    ids = {event_id for event_id, _ in writes if event_id}
    page = events(conn, Asked(event_ids=sorted(ids)), limit=len(ids)) if ids else None
    known = {each.event_id: each for each in page.events} if page else {}
    befores = [*(state for _, state in writes[1:]), None]
    return [
        Version(known.get(event_id or 0), state, before)
        for (event_id, state), before in zip(writes, befores, strict=True)
    ]


def _key_of(table: str) -> list[Column[Any]]:
    return list(Base.metadata.tables[table].primary_key.columns)


# -- reading ---------------------------------------------------------------------------------------

_OLDER: LiteralString = """
    select * from ({images}) as i
    where %(at)s::timestamptz is null
        or (i.occurred_at, i.event_id, i.image_no) < (%(at)s, %(event_id)s, %(image_no)s)
    order by i.occurred_at desc, i.event_id desc, i.image_no desc
    limit %(wanted)s
"""
_LATER: LiteralString = """
    select * from ({images}) as i
    where i.occurred_at > %(at)s
    order by i.occurred_at, i.event_id, i.image_no
    limit %(wanted)s
"""
# Joined to no more than the page: a restated fact's new state is in the row, so only its event
# tells whether it went.
_GONE: LiteralString = """
    select
        i.*,
        i.after is null and (not %(restated)s or e.operation = 'delete') as gone
    from ({page}) as i
    left join audit.events as e on i.event_id = e.event_id and i.occurred_at = e.occurred_at
"""


def _images(
    conn: Connection[Any], of: Record, shape: LiteralString, wanted: int, at: Position | None
) -> list[Image]:
    """A page of the record's images, ordered as they are asked for."""
    statement, parameters = images_statement(of, shape, wanted, at)
    with conn.cursor(row_factory=class_row(Image)) as cursor:
        found = cursor.execute(statement, parameters, prepare=False).fetchall()
    return sorted(found, key=lambda each: each.position, reverse=shape is _OLDER)


def images_statement(
    of: Record, shape: LiteralString, wanted: int, at: Position | None
) -> tuple[sql.Composed, dict[str, Any]]:
    """What is run for a page of images, and with what."""
    moment, event_id, image_no = at or (None, None, None)
    position = {"at": moment, "event_id": event_id, "image_no": image_no, "wanted": wanted}
    page = sql.SQL(shape).format(images=sql.SQL(query("audit/list_images")))
    return sql.SQL(_GONE).format(page=page), of.parameters | position


def _row(conn: Connection[Any], of: Record) -> State | None:
    """The row as it stands."""
    schema, _, name = of.table.table.partition(".")
    columns = of.columns()
    statement = sql.SQL("select to_jsonb(t) - %s::text[] from {} as t where {}").format(
        sql.Identifier(schema, name),
        sql.SQL(" and ").join(sql.SQL("{} = %s").format(sql.Identifier(c)) for c in columns),
    )
    row = conn.execute(statement, [list(of.table.hidden), *columns.values()]).fetchone()
    return row[0] if row else None


def _corrections(conn: Connection[Any], of: Record) -> list[State]:
    """The rows that took a trade's place, one after the other."""
    if of.table.table != TRADES:
        return []
    return [state for (state,) in conn.execute(query("audit/list_corrections"), of.columns())]
