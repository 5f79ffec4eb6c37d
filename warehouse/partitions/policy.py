"""The policies in force: rows of ops.partition_policy that begin as what the models declare."""

from typing import Any

from psycopg import Connection
from sqlalchemy import Table

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


def declared_policy(table: Table) -> Policy:
    """The policy that a model declares."""
    declared = partitioning(table)
    if declared is None:
        raise ValueError(f"{table.fullname} is not partitioned")
    return Policy(table.fullname, declared.control, declared.interval, declared.premake)


def policies(conn: Connection[Any]) -> list[Policy]:
    """The policies in force, in the order of their tables."""
    rows = conn.execute(query("partitions/list_policies"))
    return [
        Policy(name, control, INTERVALS[span], premake) for name, control, span, premake in rows
    ]


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
