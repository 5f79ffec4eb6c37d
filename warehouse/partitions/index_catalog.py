"""What the catalogue knows of indexes and the partitions that hold their parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import class_row

from warehouse.errors import WarehouseError
from warehouse.sql import query


class IndexRefused(WarehouseError):
    """The index cannot be made or dropped as asked; nothing was changed."""


@dataclass(frozen=True)
class Part:
    """A partition, and the part of the index that is attached to the whole."""

    partition: str
    part: str | None = None
    is_valid: bool | None = None


@dataclass(frozen=True)
class Taken:
    """What stands under a name; `table_name` is None where it is no index."""

    name: str
    kind: str
    table_name: str | None
    is_valid: bool | None


@dataclass(frozen=True)
class Index:
    """An index as the catalogue knows it."""

    schema: str
    table_name: str
    is_partitioned: bool
    is_valid: bool
    is_unique: bool
    method: str
    key_name: str | None
    part_of: str | None
    definition: str
    columns: Sequence[str]


def read_index(conn: Connection[Any], schema: str, name: str) -> Index | None:
    """The index of that name, or None."""
    with conn.cursor(row_factory=class_row(Index)) as cursor:
        found = cursor.execute(query("partitions/read_index"), {"index": quoted(schema, name)})
        return found.fetchone()


def index_parts(conn: Connection[Any], schema: str, table: str, index: str) -> list[Part]:
    """The partitions of a table, each with its part of the index."""
    names = {"table": quoted(schema, table), "index": quoted(schema, index)}
    with conn.cursor(row_factory=class_row(Part)) as cursor:
        return cursor.execute(query("partitions/list_index_parts"), names).fetchall()


def table_parts(conn: Connection[Any], schema: str, table: str, index: str | None) -> list[Part]:
    """The same for any table: a plain one is its own only part."""
    if not is_partitioned(conn, schema, table):
        return [Part(table, index)]
    return index_parts(conn, schema, table, index or "")


def quoted(*names: str) -> str:
    """A qualified name as `regclass` reads it."""
    return sql.Identifier(*names).as_string()


def names_taken(conn: Connection[Any], schema: str, names: Sequence[str]) -> list[Taken]:
    wanted = {"schema": quoted(schema), "names": list(names)}
    with conn.cursor(row_factory=class_row(Taken)) as cursor:
        return cursor.execute(query("partitions/list_indexes_named"), wanted).fetchall()


def is_partitioned(conn: Connection[Any], schema: str, table: str) -> bool:
    row = conn.execute(
        "select relkind::text from pg_class where oid = to_regclass(%s)", [quoted(schema, table)]
    ).fetchone()
    if not row or row[0] not in ("r", "p"):
        raise IndexRefused(
            f"There is no table {schema}.{table}; nothing was changed. "
            "`warehouse partitions list` names those that are partitioned."
        )
    return bool(row[0] == "p")


def split_name(name: str) -> tuple[str, str]:
    """`market.bars` as its schema and its own name."""
    schema, dot, own = name.partition(".")
    if not (schema and dot and own) or "." in own:
        raise IndexRefused(f"{name} names no table or index; write it as schema.name.")
    return schema, own


def columns_of(
    conn: Connection[Any], schema: str, table: str, wanted: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Columns as they were typed (`bar_at desc`): quoted for SQL, and their bare names."""
    rows = conn.execute(query("partitions/list_columns"), {"table": quoted(schema, table)})
    there = [name for (name,) in rows.fetchall()]
    written, names = [], []
    for column in wanted:
        name, order = (*column.split(maxsplit=1), "", "")[:2]
        if name not in there or order not in ("", "asc", "desc"):
            raise IndexRefused(
                f"{schema}.{table} has no column {column.strip() or 'without a name'}; nothing was "
                f"made. It has {', '.join(there) or 'none: there is no such table'}."
            )
        written.append(f"{quoted(name)} {order}".rstrip())
        names.append(name)
    return written, names
