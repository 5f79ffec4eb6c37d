"""The policies in force: rows of ops.partition_policy that begin as what the models declare."""

from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row
from sqlalchemy import Table

from warehouse.errors import WarehouseError
from warehouse.models import Base
from warehouse.models.base import Interval, Partitioning, partitioning
from warehouse.models.ops import PartitionInterval
from warehouse.partitions.naming import SUFFIXES
from warehouse.partitions.plan import Policy
from warehouse.sql import query

SPANS: dict[Interval, PartitionInterval] = {
    "hour": PartitionInterval.HOUR,
    "day": PartitionInterval.DAY,
    "week": PartitionInterval.WEEK,
    "month": PartitionInterval.MONTH,
    "quarter": PartitionInterval.QUARTER,
    "year": PartitionInterval.YEAR,
}
INTERVALS: dict[str, Interval] = {span.value: interval for interval, span in SPANS.items()}


class NoPolicy(WarehouseError):
    """No policy says how that table is partitioned."""


@dataclass(frozen=True)
class Kept:
    """A policy, and the moment before which its partitions are due to be retired."""

    policy: Policy
    keep_from: datetime | None


def declared_policy(table: Table) -> Policy:
    """The policy that a model declares."""
    declared = partitioning(table)
    if declared is None:
        raise ValueError(f"{table.fullname} is not partitioned")
    return Policy(table.fullname, declared.control, declared.interval, declared.premake)


def kept_policies(conn: Connection[Any], now: datetime) -> list[Kept]:
    """The policies in force, in the order their tables are seen to."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return [
            _kept(row) for row in cursor.execute(query("partitions/list_policies"), {"now": now})
        ]


def policies(conn: Connection[Any]) -> list[Policy]:
    """The policies in force, in the order their tables are seen to."""
    return [kept.policy for kept in kept_policies(conn, datetime.now(UTC))]


def policy_of(conn: Connection[Any], parent: str) -> Policy:
    """The policy of one table; says what is wrong with the name where there is none."""
    known = {policy.parent: policy for policy in policies(conn)}
    if found := known.get(parent):
        return found
    kind = conn.execute(
        "select relkind::text from pg_class where oid = to_regclass(%s)", [parent]
    ).fetchone()
    raise NoPolicy(_unknown(parent, kind[0] if kind else None, list(known)))


def _unknown(parent: str, kind: str | None, known: list[str]) -> str:
    if kind == "p":
        return (
            f"{parent} is partitioned but has no policy. Nothing was done; `warehouse partitions "
            f"adopt {parent}` takes it over, `warehouse migrate` seeds the policies of our own tables."
        )
    if kind:
        return f"{parent} is not partitioned, so it can have no policy. Nothing was done."
    close = get_close_matches(parent, known, 1, 0.5)
    near = f" Did you mean {close[0]}?" if close else ""
    return (
        f"There is no table {parent}.{near} Nothing was done; "
        "`warehouse partitions list` names the partitioned tables."
    )


def _kept(row: dict[str, Any]) -> Kept:
    keep_from = row.pop("keep_from")
    parent, interval = row.pop("parent_table"), INTERVALS[row.pop("partition_interval")]
    return Kept(Policy(parent=parent, interval=interval, **row), keep_from)


def seed_policies(conn: Connection[Any]) -> None:
    """Give every partitioned table that has no policy yet the one its model declares."""
    declared = [
        _row(table.fullname, found)
        for table in Base.metadata.sorted_tables
        if (found := partitioning(table))
    ]
    with conn.cursor() as cursor:
        cursor.executemany(query("partitions/seed_policy"), declared)


def _row(parent: str, declared: Partitioning) -> dict[str, Any]:
    return {
        "parent_table": parent,
        "control": declared.control,
        "partition_interval": SPANS[declared.interval].value,
        "premake": declared.premake,
        "retention": declared.retention,
        "datetime_string": SUFFIXES[declared.interval].to_char,
    }
