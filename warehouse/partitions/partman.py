"""Hands tables over to pg_partman, so that it makes partitions ahead but never retires one.

Taking a table over from it is `adopt`'s.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from psycopg import ClientCursor, Connection, sql
from psycopg.rows import class_row

from warehouse.access import OWNER
from warehouse.errors import WarehouseError
from warehouse.models.base import Interval
from warehouse.partitions.index_catalog import quoted, split_name
from warehouse.partitions.naming import Bounds, following, partition_name
from warehouse.partitions.policy import INTERVALS
from warehouse.sql import query

OLDEST, TARGET = (4, 7), (5, 1)
ANY_VERSION = "5"


class PartmanRefused(WarehouseError):
    """pg_partman cannot take that table over or give it up; nothing was changed."""


@dataclass(frozen=True)
class Partman:
    """The extension, as this database has it."""

    schema: str
    version: str

    @property
    def release(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.version.split(".")[:2])

    @property
    def shape(self) -> str:
        """Which `part_config` it has: 4's or 5's."""
        return self.version.split(".", maxsplit=1)[0]


@dataclass(frozen=True)
class Member:
    """A partition, or the default table, of a set."""

    name: str
    is_cut_further: bool
    owner: str
    is_pending: bool
    starts_at: datetime | None
    ends_at: datetime | None
    is_default: bool

    @property
    def bounds(self) -> Bounds:
        """Only of a member that has both ends; names are made of them, so in UTC."""
        assert self.starts_at
        assert self.ends_at
        return Bounds(self.starts_at.astimezone(UTC), self.ends_at.astimezone(UTC))


@dataclass(frozen=True)
class Exported:
    """A policy on its way out."""

    parent: str
    interval: Interval
    members: Sequence[Member]


def installed(conn: Connection[Any]) -> Partman | None:
    """The extension in this database, or None."""
    with conn.cursor(row_factory=class_row(Partman)) as cursor:
        return cursor.execute(query("partitions/read_partman")).fetchone()


def members(conn: Connection[Any], table: str) -> list[Member]:
    """What a set consists of, its default table first."""
    with conn.cursor(row_factory=class_row(Member)) as cursor:
        name = quoted(*split_name(table))
        return cursor.execute(query("partitions/list_set_members"), {"table": name}).fetchall()


# -- handing over ----------------------------------------------------------------------------------


def export(conn: Connection[Any], tables: Sequence[str], now: datetime) -> Partman:
    """Hand tables over, all or none of them: pg_partman's maintenance carries on where they end."""
    partman = _usable(installed(conn))
    for exported in _policies(conn, tables):
        _refuse_unfit(exported, partman, now)
    with conn.transaction():
        _let_the_owner_run(conn, partman)
        _reckon_in_utc(conn, partman)
        with inside(conn, partman):
            conn.execute(_statement(partman.shape), {"parents": list(tables)})
    return partman


def export_sql(conn: Connection[Any], tables: Sequence[str]) -> str:
    """The statement that `export` would run, for eyes or for psql; 5's where none is installed."""
    _policies(conn, tables)
    partman = installed(conn)
    shape = _usable(partman).shape if partman else ANY_VERSION
    with ClientCursor(conn) as cursor:
        return cursor.mogrify(_statement(shape), {"parents": list(tables)})


def _statement(shape: str) -> sql.SQL:
    return sql.SQL(
        query("partitions/export_partman_4" if shape == "4" else "partitions/export_partman_5")
    )


@contextmanager
def inside(conn: Connection[Any], partman: Partman) -> Iterator[None]:
    """A transaction that finds pg_partman's own tables, wherever it was installed."""
    with conn.transaction():
        conn.execute(
            "select set_config('search_path', %s, true), set_config('timezone', 'UTC', true)",
            [quoted(partman.schema)],
        )
        yield


def _let_the_owner_run(conn: Connection[Any], partman: Partman) -> None:
    """Partitions belong to who makes them: run as the owner, pg_partman's are like ours."""
    schema, owner = sql.Identifier(partman.schema), sql.Identifier(OWNER)
    for grant in (
        "grant usage on schema {} to {}",
        "grant select, insert, update, delete on all tables in schema {} to {}",
        "grant execute on all routines in schema {} to {}",
    ):
        conn.execute(sql.SQL(grant).format(schema, owner))


def _reckon_in_utc(conn: Connection[Any], partman: Partman) -> None:
    """It names and cuts by the session's zone; bound to the functions, UTC holds in every session."""
    for (signature,) in conn.execute(
        query("partitions/list_partman_functions"), {"schema": partman.schema}
    ).fetchall():
        conn.execute(sql.SQL("alter function {} set timezone to 'UTC'").format(sql.SQL(signature)))


# -- what can be handed over -----------------------------------------------------------------------


def _usable(partman: Partman | None) -> Partman:
    if not partman:
        raise PartmanRefused(
            "pg_partman is not installed in this database and nothing was exported. Run "
            "`create schema partman; create extension pg_partman schema partman;` first; "
            "`--sql` prints the statement without it."
        )
    if partman.release < OLDEST or (5,) <= partman.release < TARGET:
        raise PartmanRefused(
            f"pg_partman is installed as {partman.version}, and nothing was exported: it must be "
            "4.7 or 5.1 and later. Run `alter extension pg_partman update;`."
        )
    return partman


def _policies(conn: Connection[Any], tables: Sequence[str]) -> list[Exported]:
    rows = conn.execute(
        "select parent_table, partition_interval from ops.partition_policy"
        " where parent_table = any(%s)",
        [list(tables)],
    ).fetchall()
    known = dict(rows)
    for table in tables:
        if table not in known:
            raise PartmanRefused(
                f"{table} has no policy, so there is nothing to export. `warehouse partitions list` "
                "names the tables that have one."
            )
    return [Exported(table, INTERVALS[known[table]], members(conn, table)) for table in tables]


def _refuse_unfit(exported: Exported, partman: Partman, now: datetime) -> None:
    """What pg_partman could not carry on without a gap or an overlap."""
    table, parts = exported.parent, exported.members
    if any(part.is_default for part in parts):
        raise PartmanRefused(
            f"{table} has a default table, and nothing was exported. "
            f"`warehouse partitions adopt {table}` sees to it."
        )
    if any(part.is_pending for part in parts) or _has_gap(parts, now):
        raise PartmanRefused(
            f"{table} has a gap, a pending detach or no partition for now, and pg_partman goes on "
            "from the last one without looking back. Nothing was exported; run "
            "`warehouse partitions apply` first."
        )
    last = parts[-1].bounds
    if last.end != following(last.start, exported.interval):
        raise PartmanRefused(
            f"The last partition of {table}, {parts[-1].name}, does not span a {exported.interval} as "
            "its policy says now, and pg_partman would count from it. Nothing was exported; run "
            "`warehouse partitions apply` when the new interval has come."
        )
    if partman.shape == "4" and (odd := _misnamed(exported)):
        raise PartmanRefused(
            f"{odd} is not named as this set's others are, and pg_partman {partman.version} goes by "
            f"names. Nothing was exported; `warehouse partitions adopt {table}` renames it."
        )


def _has_gap(parts: Sequence[Member], now: datetime) -> bool:
    if not parts or parts[-1].bounds.end <= now:
        return True
    return any(left.bounds.end != right.bounds.start for left, right in pairwise(parts))


def _misnamed(exported: Exported) -> str | None:
    schema, table = split_name(exported.parent)
    for part in exported.members:
        if part.name != partition_name(table, part.bounds, exported.interval):
            return f"{schema}.{part.name}"
    return None
