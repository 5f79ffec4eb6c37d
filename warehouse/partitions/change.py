"""Changes a table's policy: checked against what is there, versioned, and audited with both images."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection
from psycopg.errors import DataError, InvalidDatetimeFormat
from psycopg.rows import dict_row

from warehouse.access import OWNER
from warehouse.errors import WarehouseError
from warehouse.models.base import Interval
from warehouse.partitions.catalog import partitions
from warehouse.partitions.naming import SUFFIXES, floor, following
from warehouse.partitions.owner import as_owner
from warehouse.partitions.plan import Policy
from warehouse.partitions.policy import INTERVALS, policy_of
from warehouse.sql import query


class PolicyRefused(WarehouseError):
    """The policy cannot be as asked."""


def change(conn: Connection[Any], parent: str, wanted: Mapping[str, Any]) -> int | None:
    """Set some columns of a policy, in the caller's transaction; the new version, None if as it was."""
    policy = policy_of(conn, parent)
    with as_owner(conn):
        with conn.cursor(row_factory=dict_row) as cursor:
            row = cursor.execute(
                query("partitions/read_policy"), {"parent_table": parent}
            ).fetchone()
        assert row
        new = row | dict(wanted)
        new["datetime_string"] = SUFFIXES[INTERVALS[new["partition_interval"]]].to_char
        if new == row:
            return None
        _refuse_misfits(conn, policy, new, wanted)
        changed = conn.execute(query("partitions/update_policy"), new | {"parent_table": parent})
        version = changed.fetchone()
    assert version
    return int(version[0])


def _refuse_misfits(
    conn: Connection[Any], policy: Policy, new: Mapping[str, Any], wanted: Mapping[str, Any]
) -> None:
    if new["premake"] < 1:
        raise PolicyRefused(
            f"premake {new['premake']} would leave rows of the near future nowhere to go. Nothing "
            "was changed; keep at least 1 partition ready."
        )
    if "partition_interval" in wanted:
        _refuse_interval(conn, policy, INTERVALS[new["partition_interval"]])
    if new["retention"] is not None:
        _refuse_retention(conn, policy, new["retention"], new["partition_interval"])
    if wanted.get("retention_schema") is not None:
        _refuse_schema(conn, policy, new["retention_schema"])


def _refuse_interval(conn: Connection[Any], policy: Policy, interval: Interval) -> None:
    """New partitions go on where the last one ends, so that must be where an interval starts."""
    there = partitions(conn, policy)
    reach = max((partition.bounds.end for partition in there), default=datetime.now(UTC))
    if there and floor(reach, interval) != reach:
        start = following(floor(reach, interval), interval)
        raise PolicyRefused(
            f"{policy.parent} has partitions until {reach:%Y-%m-%d %H:%M}, where no {interval} "
            f"starts. Nothing was changed; make the {policy.interval}s up to the next one first: "
            f"`warehouse partitions apply {policy.parent} --to {start:%Y-%m-%d}`."
        )


def _refuse_retention(conn: Connection[Any], policy: Policy, retention: str, span: str) -> None:
    told = {"retention": retention, "partition_interval": span}
    try:
        with conn.transaction():
            row = conn.execute(query("partitions/compare_retention"), told).fetchone()
    except (InvalidDatetimeFormat, DataError) as error:
        raise PolicyRefused(
            f"{retention!r} is no span of time. Nothing was changed; say it like '30 days' or '7 years'."
        ) from error
    positive, enough = row or (False, False)
    if not (positive and enough):
        raise PolicyRefused(
            f"A retention of {retention} is shorter than a partition of {policy.parent} ({span}). "
            "Nothing was changed; keep at least one, or set a shorter --interval with it."
        )


def _refuse_schema(conn: Connection[Any], policy: Policy, schema: str) -> None:
    row = conn.execute(
        "select has_schema_privilege(%s, oid, 'create') from pg_namespace where nspname = %s",
        [OWNER, schema],
    ).fetchone()
    if schema == policy.schema or not (row and row[0]):
        raise PolicyRefused(
            f"Retired partitions of {policy.parent} cannot move to the schema {schema}: "
            f"{_why_not(schema == policy.schema, row)}. Nothing was changed; "
            f"`create schema … authorization {OWNER}` makes one."
        )


def _why_not(own: bool, row: Any) -> str:
    if own:
        return "they are in it"
    return "the owner may not write there" if row else "it is not there"
