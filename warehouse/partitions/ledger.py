"""The ledger of what was done to partitions: one row of ops.partition_runs per step of a plan."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

from psycopg import Connection

from warehouse.models.audit import Operation
from warehouse.models.ops import PartitionStep
from warehouse.partitions.lock import Held
from warehouse.partitions.naming import Bounds, named_bounds, quoted
from warehouse.partitions.owner import as_owner
from warehouse.partitions.plan import Policy, Step
from warehouse.sql import query

# The audit's word for what a step does; what is missing here leaves a row in the ledger alone.
OPERATIONS = {
    PartitionStep.CREATE: Operation.ATTACH,
    PartitionStep.ATTACH: Operation.ATTACH,
    PartitionStep.DETACH: Operation.DETACH,
    PartitionStep.FINALIZE: Operation.DETACH,
    PartitionStep.DROP: Operation.DROP,
}


@dataclass
class Entry:
    """A step's place in the ledger, and what is measured while it runs."""

    plan_id: UUID
    step_no: int
    step: Step
    held: Held = field(default_factory=Held)
    attempts: int = 0

    @property
    def key(self) -> dict[str, Any]:
        return {"plan_id": self.plan_id, "step_no": self.step_no}


def open_entries(conn: Connection[Any], steps: Sequence[Step]) -> list[Entry]:
    """Enter a plan's steps as planned."""
    plan_id = uuid4()
    entries = [Entry(plan_id, number, step) for number, step in enumerate(steps, 1)]
    rows = [
        entry.key
        | {
            "parent": entry.step.policy.parent,
            "partition": entry.step.partition,
            "step": entry.step.kind.value,
        }
        for entry in entries
    ]
    with conn.transaction(), as_owner(conn), conn.cursor() as cursor:
        cursor.executemany(query("partitions/open_run"), rows)
    return entries


def start(conn: Connection[Any], entry: Entry) -> None:
    """Enter that a step begins."""
    with conn.transaction(), as_owner(conn):
        conn.execute(query("partitions/start_run"), entry.key)


def finish(conn: Connection[Any], entry: Entry, event_id: int | None) -> None:
    """Enter that a step is done, in the caller's transaction, as the owner."""
    measured = {
        "event_id": event_id,
        "attempts": entry.attempts,
        "lock_wait_ms": None if entry.held.since is None else entry.held.waited * 1000,
    }
    conn.execute(query("partitions/finish_run"), entry.key | measured)


def time(conn: Connection[Any], entry: Entry) -> None:
    """Enter how long the step's transaction, which has just ended, held its strongest lock."""
    if entry.held.since is None:
        return
    held = {"lock_held_ms": (monotonic() - entry.held.since) * 1000}
    with conn.transaction(), as_owner(conn):
        conn.execute(query("partitions/time_run"), entry.key | held)


def fail(conn: Connection[Any], entry: Entry, error: str, state: str = "failed") -> None:
    """Enter that a step failed, or was not come to."""
    told = {"state": state, "error": error, "attempts": entry.attempts}
    with conn.transaction(), as_owner(conn):
        conn.execute(query("partitions/fail_run"), entry.key | told)


def record(conn: Connection[Any], step: Step) -> int | None:
    """Leave the audit event of a step, in the caller's transaction, as the owner."""
    operation = OPERATIONS.get(step.kind)
    return None if operation is None else record_event(conn, step.policy, operation, step.bounds)


def record_event(
    conn: Connection[Any], policy: Policy, operation: Operation, bounds: Bounds | None
) -> int:
    """Leave an audit event about a table's storage."""
    named = {
        "table_schema": policy.schema,
        "table_name": policy.table,
        "operation": operation.value,
        "row_count": 0,  # no row changed; how many there are, the archive's manifest says
        "time_from": bounds and bounds.start,
        "time_to": bounds and bounds.end,
    }
    row = conn.execute(query("partitions/record_event"), named).fetchone()
    assert row
    event_id: int = row[0]
    return event_id


def settle(conn: Connection[Any], policies: Iterable[Policy]) -> None:
    """Close what a killed run left open; a detach that was through gets the event it still lacks."""
    known = {policy.parent: policy for policy in policies}
    with conn.transaction(), as_owner(conn):
        for plan_id, step_no, parent, partition in conn.execute(
            query("partitions/abandon_runs")
        ).fetchall():
            if parent in known and not is_attached(conn, parent, partition):
                event_id = _late_event(conn, known[parent], partition.partition(".")[2])
                settled = {"plan_id": plan_id, "step_no": step_no, "event_id": event_id}
                conn.execute(query("partitions/settle_run"), settled)


def _late_event(conn: Connection[Any], policy: Policy, name: str) -> int:
    bounds = named_bounds(policy.table, name, policy.interval)
    return record_event(conn, policy, Operation.DETACH, bounds)


def is_attached(conn: Connection[Any], parent: str, partition: str) -> bool:
    """Whether the one is a partition of the other; a pending detach counts as attached."""
    named = {"parent": parent, "partition": quoted(partition)}
    return conn.execute(query("partitions/read_partition_state"), named).rowcount > 0
