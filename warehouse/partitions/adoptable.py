"""Reads a set of partitions that someone else made, and says why where it cannot become one of ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, get_args

from psycopg import Connection, sql
from psycopg.rows import class_row

from warehouse.access import OWNER
from warehouse.models.base import Interval
from warehouse.partitions.index_catalog import quoted, split_name
from warehouse.partitions.naming import SUFFIXES, floor, following
from warehouse.partitions.partman import Member, Partman, PartmanRefused, inside, installed, members
from warehouse.partitions.policy import SPANS
from warehouse.sql import query


@dataclass(frozen=True)
class Set:
    """A partitioned table as it was found; `config` is pg_partman's row on it, if there is one."""

    table: str
    control: str
    interval: Interval
    members: Sequence[Member]
    partman: Partman | None
    config: dict[str, Any] | None

    @property
    def policy(self) -> dict[str, Any]:
        """The row of ops.partition_policy it gets: pg_partman's words, our names."""
        config = self.config or {}
        return {
            "parent_table": self.table,
            "control": self.control,
            "partition_interval": SPANS[self.interval].value,
            "premake": config.get("premake", 4),
            "automatic_maintenance": config.get("automatic_maintenance", "on"),
            "retention": config.get("retention"),
            "retention_schema": config.get("retention_schema"),
            "retention_keep_table": config.get("retention_keep_table", True),
            "retention_keep_index": config.get("retention_keep_index", True),
            "retention_keep_publication": config.get("retention_keep_publication", False),
            "infinite_time_partitions": config.get("infinite_time_partitions", True),
            "datetime_string": SUFFIXES[self.interval].to_char,
            "maintenance_order": config.get("maintenance_order"),
        }


@dataclass(frozen=True)
class _Shape:
    kind: str
    strategy: str | None
    control: str | None
    control_type: str | None
    owner: str
    is_ours: bool
    may_create: bool


def read_set(conn: Connection[Any], table: str) -> Set:
    """The set as it stands; says why where it cannot be one of ours."""
    shape = _shape(conn, table)
    parts = members(conn, table)
    for part in parts:
        if part.is_default:
            refuse_rows_in_default(conn, table, part.name)
    interval = _interval(table, [part for part in parts if not part.is_default])
    partman = installed(conn)
    config = _config(conn, partman, table) if partman else None
    found = Set(table, str(shape.control), interval, parts, partman, config)
    _refuse_config(conn, found)
    return found


def _interval(table: str, parts: Sequence[Member]) -> Interval:
    """What the newest spans; bounds are the truth, and an interval may have been changed before."""
    if not parts:
        raise PartmanRefused(
            f"{table} has no partition that would tell how it is cut, and nothing was changed. "
            "Make the first one, or let pg_partman make it."
        )
    for part in parts:
        if not _fitting(part):
            raise PartmanRefused(
                f"{table} is not cut by hour, day, week, month, quarter or year in UTC throughout: "
                f"{part.name} holds [{_told(part.starts_at)}, {_told(part.ends_at)}) UTC. Nothing "
                "was changed; make the set anew in such an interval, in a session whose zone is "
                "UTC, and move its rows."
            )
    return span_of(parts[-1])


def span_of(part: Member) -> Interval:
    """The interval that a partition of an adoptable set spans."""
    return _fitting(part)[0]


def _fitting(part: Member) -> list[Interval]:
    start, end = part.starts_at, part.ends_at
    return [
        each
        for each in get_args(Interval)
        if start and end and floor(start, each) == start and following(start, each) == end
    ]


def _told(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}" if moment else "unbounded"


def _config(conn: Connection[Any], partman: Partman, table: str) -> dict[str, Any] | None:
    with inside(conn, partman):
        row = conn.execute(query("partitions/read_partman_config"), {"parent": table}).fetchone()
    return row[0] if row else None


# -- refusals --------------------------------------------------------------------------------------


def _shape(conn: Connection[Any], table: str) -> _Shape:
    names = {"table": quoted(*split_name(table)), "owner": OWNER}
    with conn.cursor(row_factory=class_row(_Shape)) as cursor:
        shape = cursor.execute(query("partitions/read_set"), names).fetchone()
    if not shape:
        raise PartmanRefused(
            f"There is no table {table}; nothing was changed. `warehouse partitions list` names "
            "those that are under a policy already."
        )
    if shape.kind != "p":
        raise PartmanRefused(
            f"{table} is not partitioned, so there is nothing to take over. pg_partman's sets by "
            "triggers must be made declarative first: see its documentation."
        )
    if shape.strategy != "r" or shape.control_type != "timestamp with time zone":
        raise PartmanRefused(
            f"{table} is not cut by range of one timestamptz column, as every set here must be. "
            "Nothing was changed; make it anew so, and move its rows."
        )
    _refuse_foreign(table, shape)
    return shape


def _refuse_foreign(table: str, shape: _Shape) -> None:
    schema, _ = split_name(table)
    cures = []
    if not shape.is_ours:
        name = sql.Identifier(*split_name(table)).as_string()
        cures.append(f"alter table {name} owner to {OWNER};")
    if not shape.may_create:
        cures.append(f"grant usage, create on schema {quoted(schema)} to {OWNER};")
    if cures:
        raise PartmanRefused(
            f"{table} belongs to {shape.owner}, and {OWNER} may not make partitions of it. Nothing "
            f"was changed; have an administrator run: {' '.join(cures)}"
        )


def refuse_rows_in_default(conn: Connection[Any], table: str, name: str) -> None:
    schema, _ = split_name(table)
    if conn.execute(
        sql.SQL("select from {} limit 1").format(sql.Identifier(schema, name))
    ).rowcount:
        raise PartmanRefused(
            f"Rows have gone to {schema}.{name}, the default table of {table}, and here there is "
            "none: a row without a partition is an error. Nothing was changed; move them into "
            "partitions (pg_partman: `call partition_data_proc(...)`) and adopt the table then."
        )


def _refuse_config(conn: Connection[Any], found: Set) -> None:
    if cut := next((part.name for part in found.members if part.is_cut_further), None):
        raise PartmanRefused(
            f"{cut} is cut further, and sets here have one level. Nothing was changed; undo the "
            "sub-partitions first."
        )
    if found.config and found.config.get("undo_in_progress"):
        raise PartmanRefused(
            f"pg_partman is undoing {found.table}; nothing was changed. Let it end, or clear "
            "undo_in_progress."
        )
    policy = found.policy
    fits = conn.execute(query("partitions/compare_retention"), policy).fetchone()
    if fits and False in fits:
        raise PartmanRefused(
            f"pg_partman keeps {found.table} for {policy['retention']}, less than one partition of "
            f"{policy['partition_interval']} spans. Nothing was changed; set a longer retention in "
            "part_config, or null."
        )
