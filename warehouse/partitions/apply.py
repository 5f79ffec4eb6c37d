"""Makes partitions: beside the parent, checked, then attached, so that readers and writers go on."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import dict_row
from sqlalchemy import Table

from warehouse.access import OWNER
from warehouse.partitions.naming import Bounds
from warehouse.partitions.plan import Create, Partition, Policy, ahead, missing
from warehouse.partitions.policy import declared_policy, policies
from warehouse.sql import query

CREATE = """
create table {child} (
    like {parent} including all excluding identity,
    constraint {check} check ({control} >= {start} and {control} < {end})
)
"""
ATTACH = "alter table {parent} attach partition {child} for values from ({start}) to ({end})"


def partitions(conn: Connection[Any], policy: Policy) -> list[Partition]:
    """The partitions a table has."""
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query("partitions/list_partitions"), {"parent": policy.parent})
        return [Partition(r["name"], Bounds(r["starts_at"], r["ends_at"])) for r in rows]


def ensure(conn: Connection[Any], table: Table, start: datetime, end: datetime) -> int:
    """Make what [start, end) of a table still needs, in the caller's transaction."""
    policy = declared_policy(table)
    steps = missing(policy, partitions(conn, policy), start, end)
    for step in steps:
        create(conn, step)
    return len(steps)


def plan_ahead(conn: Connection[Any]) -> list[Create]:
    """What all policies ask for, as of now."""
    now = datetime.now(UTC)
    return [
        step for policy in policies(conn) for step in ahead(policy, partitions(conn, policy), now)
    ]


def apply_ahead(conn: Connection[Any]) -> list[Create]:
    """Make it, each partition in a transaction of its own, if the connection is in autocommit."""
    steps = plan_ahead(conn)
    for step in steps:
        create(conn, step)
    return steps


def create(conn: Connection[Any], step: Create) -> None:
    """Take SHARE UPDATE EXCLUSIVE on the parent, where CREATE … PARTITION OF takes ACCESS EXCLUSIVE.

    The foreign keys that ATTACH copies take SHARE ROW EXCLUSIVE on the tables they refer to, until
    the caller commits.
    """
    names = {
        "parent": sql.Identifier(step.policy.schema, step.policy.table),
        "child": sql.Identifier(step.policy.schema, step.name),
        "check": sql.Identifier(f"{step.name[:50]}_bounds_check"),
        "control": sql.Identifier(step.policy.control),
        "start": sql.Literal(step.bounds.start),
        "end": sql.Literal(step.bounds.end),
    }
    with conn.transaction(), as_owner(conn):
        conn.execute(sql.SQL(CREATE).format(**names))
        conn.execute(sql.SQL(ATTACH).format(**names))


@contextmanager
def as_owner(conn: Connection[Any]) -> Iterator[None]:
    """What is made inside belongs to the schema's owner; a rollback puts the role back by itself."""
    row = conn.execute("select current_setting('role')").fetchone()
    conn.execute(sql.SQL("set role {}").format(sql.Identifier(OWNER)))
    yield
    conn.execute(sql.SQL("set role {}").format(sql.Identifier(row[0] if row else "none")))
