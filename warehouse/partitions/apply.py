"""Makes true what the policies ask for: for a caller who needs room now, or as a whole plan."""

import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import Connection
from sqlalchemy import Table

from warehouse.models.base import Base
from warehouse.partitions import ledger
from warehouse.partitions.catalog import partitions
from warehouse.partitions.lock import Held, Patience, maintenance
from warehouse.partitions.making import create
from warehouse.partitions.owner import as_owner
from warehouse.partitions.plan import Plan, Step, missing
from warehouse.partitions.planning import make_plan
from warehouse.partitions.policy import declared_policy, policies
from warehouse.partitions.run import Outcome, run_steps

__all__ = ["apply", "apply_ahead", "as_owner", "ensure", "partitions"]

logger = logging.getLogger(__name__)

MOMENT = timedelta(microseconds=1)


def ensure(conn: Connection[Any], table: Table, start: datetime, end: datetime) -> int:
    """Make what [start, end) of a table still needs, in the caller's transaction.

    Each leaves an event, so the log gets its partitions for the present first.
    """
    ensure_log(conn)
    return _ensure(conn, table, start, end)


def ensure_log(conn: Connection[Any]) -> None:
    """Make what this transaction's own events need: without them nobody can write."""
    row = conn.execute("select now()").fetchone()
    now = row[0] if row else datetime.now(UTC)
    for log in ("audit.events", "audit.images"):
        _ensure(conn, Base.metadata.tables[log], now, now + MOMENT)


def _ensure(conn: Connection[Any], table: Table, start: datetime, end: datetime) -> int:
    in_force = (policy for policy in policies(conn) if policy.parent == table.fullname)
    policy = next(in_force, None) or declared_policy(table)
    steps = missing(policy, partitions(conn, policy), start, end)
    for step in steps:
        with conn.transaction(), as_owner(conn):
            create(conn, Held(), step)
    return len(steps)


def apply(
    conn: Connection[Any],
    tables: Iterable[str] | None = None,
    span: tuple[datetime, datetime] | None = None,
    patience: Patience = Patience(),
    notify: Callable[[Step], object] = logger.info,
) -> tuple[Plan, Outcome]:
    """Plan and do it, one run at a time; the connection is in autocommit and in UTC."""
    with maintenance(conn):
        ledger.settle(conn, policies(conn))
        plan = make_plan(conn, datetime.now(UTC), tables, span)
        return plan, run_steps(conn, plan.steps, patience, notify)


def apply_ahead(conn: Connection[Any]) -> list[Step]:
    """Do what all policies ask for; what was done."""
    return apply(conn)[1].done
