"""Reads what events changed, as hashes that the server makes, and builds the trees over it.

The rows of an event are those that name it now, and those that named it until they were replaced,
whose images kept them; the two are read in one statement, so that a row on its way between them is
seen once. What is compared with what is left to `seal` and `verify`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise, starmap
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from psycopg import Connection, sql

from warehouse.audit import merkle
from warehouse.audit.canonical import IMAGE_COLUMNS, Columns, digest, evidence_hash
from warehouse.models.base import SCHEMAS
from warehouse.sql import query

GIANT = 1_000_000  # rows of one event that are put in order by the server, not in memory
GAP = 10_000  # ids between two events that are worth a query of their own
SMALL = 100  # rows up to which a trigger writes a digest

HEADER, TRAILER, CHUNK = 19, b"\xff\xff", 1 << 20
TUPLE = np.dtype(
    [("count", ">i2"), ("id_size", ">i4"), ("id", ">i8"), ("leaf_size", ">i4"), ("leaf", "S32")]
)
LEAF = sql.SQL("sha256('\\x00'::bytea || {})")
ROWS = sql.SQL("""
    select r.event_id, {current} as hashed
    from {table} as r
    where r.event_id between {low} and {high} {times}
    union all
    select (i.before ->> 'event_id')::bigint, {replaced}
    from audit.images as i
    cross join lateral jsonb_populate_record(null::{table}, i.before) as p
    where
        i.before ->> 'event_id' is not null
        and (i.before ->> 'event_id')::bigint between {low} and {high}
        and i.table_schema = {schema} and i.table_name = {name}
""")
IMAGES = sql.SQL("""
    select i.event_id, {image} as hashed
    from audit.images as i
    where i.event_id between {low} and {high} and i.occurred_at between {start} and {end}
""")


class Event(NamedTuple):
    """An event, and its record as it is hashed."""

    event_id: int
    xid: str
    occurred_at: datetime
    relation: str
    operation: str
    row_count: int
    time_from: datetime | None
    time_to: datetime | None
    digest: bytes | None
    record: bytes

    @property
    def writes_rows(self) -> bool:
        """Whether rows may name it: those that a delete took name older ones."""
        return self.operation in ("insert", "update")


class Tree(NamedTuple):
    """Hashes in their order: how many, their root, and the digest of a few."""

    size: int
    root: bytes
    digest: bytes | None


NONE = Tree(0, merkle.EMPTY, None)


class Evidence(NamedTuple):
    """What is found of an event's rows and images."""

    rows: Tree
    images: Tree

    @property
    def hash(self) -> bytes:
        return evidence_hash(self.rows.size, self.rows.root, self.images.size, self.images.root)


@dataclass(frozen=True)
class Table:
    """A table whose rows name their event."""

    name: str
    columns: Columns
    control: str | None
    keys: Sequence[str]

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(*self.name.split("."))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.columns]

    def first(self, count: int) -> "Table":
        """The table as it was when it had so many columns."""
        return replace(self, columns=self.columns[:count])


Tables = Mapping[str, Table]
Read = dict[int, Tree]


def in_utf8(conn: Connection[Any]) -> None:
    """The server sends, and so hashes, texts in the client's encoding."""
    conn.execute("set client_encoding = 'UTF8'")


def read_tables(conn: Connection[Any]) -> dict[str, Table]:
    """The tables as the catalogue has them now."""
    found = conn.execute(query("audit/list_shapes"), {"schemas": list(SCHEMAS)})
    return {table.name: table for table in starmap(Table, found)}


def read_evidence(
    conn: Connection[Any], tables: Tables, events: Sequence[Event]
) -> dict[int, Evidence]:
    """What is there of each event's rows and images."""
    rows: Read = {}
    for name, group in by_table(tables, events).items():
        for part in parts(group):
            rows |= _trees(conn, rows_of(tables[name], part), part)
    images: Read = {}
    for part in parts(events):
        images |= _trees(conn, images_of(part), part)
    return {
        each.event_id: Evidence(rows.get(each.event_id, NONE), images.get(each.event_id, NONE))
        for each in events
    }


def read_rows(conn: Connection[Any], table: Table, event: Event) -> Tree:
    """The rows that one event wrote."""
    return _trees(conn, rows_of(table, [event]), [event]).get(event.event_id, NONE)


def by_table(tables: Tables, events: Iterable[Event]) -> dict[str, list[Event]]:
    """The events that rows may name, by the table those are in."""
    groups: dict[str, list[Event]] = {}
    for each in events:
        if each.writes_rows and each.relation in tables:
            groups.setdefault(each.relation, []).append(each)
    return groups


def parts(events: Sequence[Event]) -> list[list[Event]]:
    """Events whose ids lie together, for a query each that fits into memory; a giant one stands alone."""
    cut: list[list[Event]] = []
    last, rows = -GAP, 0
    for each in sorted(events):
        rows += each.row_count
        if each.event_id - last > GAP or rows > GIANT or not cut:
            cut.append([])
            rows = each.row_count
        cut[-1].append(each)
        last = each.event_id
    return cut


def rows_of(table: Table, events: Sequence[Event], form: sql.SQL = LEAF) -> sql.Composed:
    """Which rows named these events, as leaves or in another form of their records?"""
    schema, name = table.name.split(".")
    return ROWS.format(
        current=form.format(record_of("r", table.names)),
        replaced=form.format(record_of("p", table.names)),
        table=table.identifier,
        schema=sql.Literal(schema),
        name=sql.Literal(name),
        times=times_of(table, events),
        **_ends(events),
    )


def images_of(events: Sequence[Event], form: sql.SQL = LEAF) -> sql.Composed:
    """Which images do these events have, as leaves or in another form of their records?"""
    start = min(each.occurred_at for each in events)
    end = max(each.occurred_at for each in events)
    return IMAGES.format(
        image=form.format(record_of("i", IMAGE_COLUMNS)),
        start=sql.Literal(start),
        end=sql.Literal(end),
        **_ends(events),
    )


def record_of(alias: str, columns: Sequence[str]) -> sql.Composed:
    """The columns of a row as they are hashed."""
    named = sql.SQL(", ").join(sql.Identifier(alias, name) for name in columns)
    return sql.SQL("record_send(row({}))").format(named)


def times_of(table: Table, events: Sequence[Event]) -> sql.Composable:
    """Names the partitions that the events reach."""
    starts = [each.time_from for each in events if each.time_from]
    ends = [each.time_to for each in events if each.time_to]
    if table.control is None or len(starts) < len(events):
        return sql.SQL("")
    return sql.SQL("and r.{0} >= {1} and r.{0} < {2}").format(
        sql.Identifier(table.control), sql.Literal(min(starts)), sql.Literal(max(ends))
    )


def _ends(events: Sequence[Event]) -> dict[str, sql.Literal]:
    ids = [each.event_id for each in events]
    return {"low": sql.Literal(min(ids)), "high": sql.Literal(max(ids))}


# -- trees -----------------------------------------------------------------------------------------


def _trees(conn: Connection[Any], statement: sql.Composed, events: Sequence[Event]) -> Read:
    """The trees over what a statement sends of (event, leaf), of these events alone."""
    if len(events) == 1 and events[0].row_count > GIANT:
        ordered = statement + sql.SQL(" order by hashed")
        leaves = (chunk["leaf"].tobytes() for chunk in sent(conn, ordered))
        count, root = merkle.root_of_chunks(leaves)
        return {events[0].event_id: Tree(count, root, None)}
    found = np.concatenate([*sent(conn, statement), np.empty(0, TUPLE)])
    wanted = {each.event_id for each in events}
    return {event_id: tree for event_id, tree in _grow(found) if event_id in wanted}


def _grow(found: NDArray[Any]) -> Iterator[tuple[int, Tree]]:
    if not len(found):
        return
    ids, leaves = found["id"].astype(np.int64), found["leaf"]
    order = np.lexsort((leaves, ids))
    ids, hashes = ids[order], leaves[order].tobytes()
    starts = [0, *(np.flatnonzero(np.diff(ids)) + 1).tolist(), len(ids)]
    for event_id, (start, end) in zip(ids[starts[:-1]].tolist(), pairwise(starts), strict=True):
        own = hashes[start * merkle.SIZE : end * merkle.SIZE]
        count = end - start
        yield event_id, Tree(count, merkle.root(own), digest(own) if count <= SMALL else None)


def sent(conn: Connection[Any], statement: sql.Composed) -> Iterator[NDArray[Any]]:
    """What a statement sends, as arrays of (id, leaf), about a megabyte each."""
    held, skip = bytearray(), HEADER
    copied = sql.SQL("copy ({}) to stdout (format binary)").format(statement)
    with conn.cursor() as cursor, cursor.copy(copied) as copy:
        for data in copy:
            held += data
            if len(held) >= CHUNK:
                whole = skip + (len(held) - skip) // TUPLE.itemsize * TUPLE.itemsize
                yield np.frombuffer(bytes(held[skip:whole]), TUPLE)
                del held[:whole]
                skip = 0
    yield np.frombuffer(bytes(held[skip : -len(TRAILER)]), TUPLE)


def read_events(
    conn: Connection[Any], event_ids: Sequence[int], first: datetime, last: datetime
) -> dict[int, Event]:
    """Those of the events that are still there."""
    named = {"event_ids": list(event_ids), "first_occurred_at": first, "last_occurred_at": last}
    with conn.cursor(binary=True) as cursor:
        found = cursor.execute(query("audit/list_sealed_events"), named)
        return {each.event_id: each for each in map(Event._make, found)}
