"""Indexes on tables in use: what it takes to add, rebuild or drop one, part by part.

From the catalogue to steps; `index_runs` runs them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, LiteralString

from psycopg import Connection, sql

from warehouse.partitions.index_catalog import (
    Index,
    IndexRefused,
    Part,
    Taken,
    index_parts,
    is_partitioned,
    names_taken,
    quoted,
    read_index,
)
from warehouse.partitions.naming import NAME_LIMIT
from warehouse.sql import query


@dataclass(frozen=True)
class OnlineIndex:
    """An index by its parts; `name` begins with the table's, `columns` may be expressions."""

    name: str
    schema: str
    table: str
    columns: Sequence[str]
    using: str = "btree"
    where: str | None = None
    unique: bool = False
    options: str | None = None

    @property
    def parent(self) -> str:
        return f"{self.schema}.{self.table}"


@dataclass(frozen=True)
class IndexStep:
    """One statement; a concurrent one runs outside any transaction and blocks neither rows nor readers.

    `leftover` names what the statement leaves INVALID if it is cut short.
    """

    what: str
    schema: str
    table: str
    name: str
    statement: sql.Composed
    concurrently: bool = True
    leftover: str | None = None

    def __str__(self) -> str:
        return f"{self.statement.as_string()};"


# -- plans -----------------------------------------------------------------------------------------


def plan_add(conn: Connection[Any], index: OnlineIndex) -> list[IndexStep]:
    """What an index still needs; a run that was cut short is carried on, what is valid is kept."""
    partitioned = is_partitioned(conn, index.schema, index.table)
    found = read_index(conn, index.schema, index.name)
    if found:
        _refuse_another(index, found)
    if not partitioned:
        return list(_add_plain(index, found))
    parts = index_parts(conn, index.schema, index.table, index.name)
    names = [part_name(index.name, index.table, each.partition) for each in parts]
    taken = {each.name: each for each in names_taken(conn, index.schema, names)}
    return list(_add_parts(index, found, parts, taken))


def _add_plain(index: OnlineIndex, found: Index | None) -> Iterator[IndexStep]:
    if found and found.is_valid:
        return
    if found:
        yield _drop(index.schema, index.table, index.name)
    yield _build(index, index.name, index.table)


def _add_parts(
    index: OnlineIndex, found: Index | None, parts: Sequence[Part], taken: Mapping[str, Taken]
) -> Iterator[IndexStep]:
    if not found:
        whole = create_statement(index, index.name, index.table, only=True)
        yield IndexStep("create", index.schema, index.table, index.name, whole, concurrently=False)
    for each in parts:
        if each.part:
            if not each.is_valid:
                yield _rebuild(index.schema, each.partition, each.part)
            continue
        name = part_name(index.name, index.table, each.partition)
        there = taken.get(name)
        if there and there.table_name != each.partition:
            raise IndexRefused(
                f"{index.schema}.{name} is taken by something else, and the part of {index.name} on "
                f"{each.partition} would be called so. Nothing was made; rename what is there, or "
                "choose another name for the index."
            )
        if there and not there.is_valid:
            yield _drop(index.schema, each.partition, name)
        if not (there and there.is_valid):
            yield _build(index, name, each.partition)
        yield _attach(index.schema, each.partition, index.name, name)
    attached = [each.part for each in parts if each.part]
    if found and not found.is_valid and len(attached) == len(parts):
        # Where the last part to be missing went with its partition, nothing marked the whole valid.
        # Attaching a part again does, on servers that hold the mend for it.
        yield from (_attach(index.schema, index.table, index.name, name) for name in attached[:1])


def plan_drop(conn: Connection[Any], schema: str, name: str) -> list[IndexStep]:
    """What drops an index: parts that never were attached first, one by one, then the whole."""
    found = read_index(conn, schema, name)
    if not found:
        raise IndexRefused(f"There is no index {schema}.{name}; nothing was dropped.")
    _refuse_to_drop(schema, name, found)
    if not found.is_partitioned:
        return [_drop(schema, found.table_name, name)]
    parts = index_parts(conn, schema, found.table_name, name)
    loose = {part_name(name, found.table_name, p.partition): p for p in parts if not p.part}
    stray = [
        _drop(schema, each.table_name, each.name)
        for each in names_taken(conn, schema, list(loose))
        if each.table_name == loose[each.name].partition
    ]
    # CONCURRENTLY is refused for the whole, and a part cannot be dropped or detached by itself.
    statement = sql.SQL("drop index {}").format(sql.Identifier(schema, name))
    whole = IndexStep("drop", schema, found.table_name, name, statement, concurrently=False)
    return [*stray, whole]


def plan_reindex(
    conn: Connection[Any], schema: str, table: str, index: str | None, parts: Sequence[Part]
) -> list[IndexStep]:
    """Rebuild every index of these partitions, or one; what a killed run left half-built goes first."""
    if index and not _belongs(read_index(conn, schema, index), table):
        raise IndexRefused(
            f"{schema}.{table} has no index {index}; nothing was rebuilt. "
            f"`warehouse partitions reindex {schema}.{table}` rebuilds all that it has."
        )
    leftovers = conn.execute(
        query("partitions/list_unfinished_indexes"), {"table": quoted(schema, table)}
    )
    return [
        *(_drop(schema, owner, name) for owner, name in leftovers.fetchall()),
        *(
            _rebuild(schema, each.partition, each.part if index else None)
            for each in parts
            if each.part or not index
        ),
    ]


def part_name(index: str, table: str, partition: str) -> str:
    """`bars_source_idx` on `bars_p20260101` is `bars_p20260101_source_idx`; a long one is cut to fit."""
    own = index.removeprefix(table)
    name = f"{partition}{own}" if own != index else f"{partition}_{index}"
    if len(name.encode()) <= NAME_LIMIT:
        return name
    # Cut off plainly, two indexes of one partition could meet under one name.
    return f"{name[: NAME_LIMIT - 9]}_{sha256(name.encode()).hexdigest()[:8]}"


# -- statements ------------------------------------------------------------------------------------


def create_statement(
    index: OnlineIndex, name: str, table: str, *, concurrently: bool = False, only: bool = False
) -> sql.Composed:
    """CREATE INDEX, for the whole (ONLY), a part (CONCURRENTLY) or both at once."""
    words: list[sql.Composable] = [
        sql.SQL("create unique index" if index.unique else "create index"),
        *_words("concurrently", given=concurrently),
        sql.Identifier(name),
        sql.SQL("on only" if only else "on"),
        sql.Identifier(index.schema, table),
        sql.SQL("using {} ({})").format(
            sql.Identifier(index.using), sql.SQL(", ".join(index.columns))
        ),
        *_words(f"with ({index.options})", given=bool(index.options)),
        *_words(f"where {index.where}", given=bool(index.where)),
    ]
    return sql.SQL(" ").join(words)


def _words(text: LiteralString, *, given: bool) -> list[sql.Composable]:
    return [sql.SQL(text)] if given else []


def _build(index: OnlineIndex, name: str, table: str) -> IndexStep:
    statement = create_statement(index, name, table, concurrently=True)
    return IndexStep("build", index.schema, table, name, statement, leftover=name)


def _attach(schema: str, partition: str, whole: str, name: str) -> IndexStep:
    statement = sql.SQL("alter index {} attach partition {}").format(
        sql.Identifier(schema, whole), sql.Identifier(schema, name)
    )
    return IndexStep("attach", schema, partition, name, statement, concurrently=False)


def _drop(schema: str, table: str, name: str) -> IndexStep:
    # IF EXISTS: between plan and step a dying backend may have taken its leftover away itself.
    statement = sql.SQL("drop index concurrently if exists {}").format(sql.Identifier(schema, name))
    return IndexStep("drop", schema, table, name, statement)


def _rebuild(schema: str, table: str, index: str | None) -> IndexStep:
    kind, name = ("index", index) if index else ("table", table)
    statement = sql.SQL("reindex {} concurrently {}").format(
        sql.SQL(kind), sql.Identifier(schema, name)
    )
    return IndexStep("reindex", schema, table, name, statement)


# -- refusals --------------------------------------------------------------------------------------


def _refuse_another(index: OnlineIndex, found: Index) -> None:
    """An index of the same name over other columns is not carried on."""
    same = (found.table_name, found.method, found.is_unique) == (
        index.table,
        index.using,
        index.unique,
    )
    plain = [column.split()[0].strip('"') for column in index.columns]
    there = [column.strip('"') for column in found.columns]
    if same and (there == plain or not all(name.isidentifier() for name in plain)):
        return
    raise IndexRefused(
        f"{index.schema}.{index.name} stands already and is another index: {found.definition}. "
        "Nothing was made; drop it first, or choose another name."
    )


def _refuse_to_drop(schema: str, name: str, found: Index) -> None:
    if found.key_name:
        raise IndexRefused(
            f"{schema}.{name} is what the constraint {found.key_name} of {schema}.{found.table_name} "
            "stands on; nothing was dropped. A key goes with a migration."
        )
    if found.part_of:
        raise IndexRefused(
            f"{schema}.{name} is the part of {schema}.{found.part_of} on {found.table_name}, and a "
            f"part cannot go alone; nothing was dropped. Drop {schema}.{found.part_of}."
        )


def _belongs(found: Index | None, table: str) -> bool:
    return found is not None and found.table_name == table
