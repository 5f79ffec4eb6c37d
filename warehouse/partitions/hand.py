"""What an operator asks for by name: the steps that attach, detach or drop one partition.

The gates are the same as for a policy's own steps; nothing opens them but what they wait for.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from psycopg import Connection

from warehouse.errors import WarehouseError
from warehouse.partitions.catalog import Detached, State, World, read_world
from warehouse.partitions.gates import Candidate, read_drop_gates, read_gates
from warehouse.partitions.naming import Bounds, quoted
from warehouse.partitions.plan import (
    Attach,
    Drop,
    Finalize,
    Partition,
    PartitionConflict,
    Reason,
    Step,
    overlap,
    said,
)
from warehouse.partitions.policy import policy_of
from warehouse.partitions.retire import detached_key_drops, retirements, together
from warehouse.partitions.retiring import closed
from warehouse.sql import query


class NoPartition(WarehouseError):
    """There is no such partition."""


def steps_to_detach(conn: Connection[Any], parent: str, name: str) -> list[Step]:
    """The partition and what rotates with it become tables of their own, gates permitting."""
    world, state = _look(conn, parent)
    partition = _attached(state, _bare(name))
    if partition.pending:
        return [Finalize(state.policy, partition.name, partition.bounds)]
    candidates = together(world, Candidate(parent, partition.name, partition.bounds))
    gates = read_gates(conn, world, candidates, by_hand=True)
    steps, blocked = retirements(world, candidates, gates, put_away=False)
    if blocked:
        raise closed(
            f"{parent.partition('.')[0]}.{partition.name}",
            [Reason(b.gate, _whose(b.partition, partition.name) + b.reason) for b in blocked],
        )
    return [*detached_key_drops(world, partition.bounds), *steps]


def steps_to_attach(
    conn: Connection[Any], parent: str, name: str, bounds: Bounds | None = None
) -> list[Step]:
    """Take a table in; its name tells the bounds, unless they are given."""
    _, state = _look(conn, parent)
    home, bare = _home(conn, state, name)
    reach = bounds or next((t.bounds for t in state.detached if t.name == bare), None)
    if reach is None:
        raise NoPartition(
            f"The name {bare} tells no {state.policy.interval} of {parent}. Nothing was done; "
            "say what it holds with --from and --to."
        )
    if crossed := next((p for p in state.partitions if overlap(p.bounds, reach)), None):
        raise PartitionConflict(
            f"{state.policy.schema}.{crossed.name} already holds {said(crossed.bounds)}, which "
            f"overlaps {said(reach)}. Nothing was done; detach that one first, or give other bounds."
        )
    return [Attach(state.policy, bare, reach, home)]


def steps_to_drop(conn: Connection[Any], parent: str, name: str) -> list[Step]:
    """Drop a table that was detached and whose archive is verified."""
    world, state = _look(conn, parent)
    bare = _bare(name)
    if any(partition.name == bare for partition in state.partitions):
        raise PartitionConflict(
            f"{bare} is a partition of {parent}. Nothing was done; "
            f"`warehouse partitions detach {parent} {bare}` first."
        )
    table = next((table for table in state.detached if table.name == bare), None)
    if table is None:
        raise _no_partition(parent, bare, state.detached)
    gates = read_drop_gates(conn, world, [Candidate(parent, bare, table.bounds)])
    if reasons := [reason for found in gates.values() for reason in found]:
        raise closed(f"{table.home}.{bare}", reasons)
    return [Drop(state.policy, bare, table.bounds, table.home)]


def _look(conn: Connection[Any], parent: str) -> tuple[World, State]:
    policy_of(conn, parent)
    world = read_world(conn, datetime.now(UTC), [parent])
    return world, next(state for state in world.states if state.policy.parent == parent)


def _attached(state: State, name: str) -> Partition:
    for partition in state.partitions:
        if partition.name == name:
            return partition
    raise _no_partition(state.policy.parent, name, state.partitions)


def _no_partition(parent: str, name: str, known: Sequence[Partition | Detached]) -> NoPartition:
    close = get_close_matches(name, [each.name for each in known], 1, 0.5)
    near = f" Did you mean {close[0]}?" if close else ""
    return NoPartition(
        f"{parent} has no such partition: {name}.{near} Nothing was done; "
        f"`warehouse partitions list {parent}` names them."
    )


def _home(conn: Connection[Any], state: State, name: str) -> tuple[str, str]:
    """The schema a table stands in and its bare name."""
    policy, bare = state.policy, _bare(name)
    given = name.rpartition(".")[0]
    for schema in [given] if given else filter(None, (policy.schema, policy.retention_schema)):
        row = conn.execute(
            query("partitions/read_table_kind"), {"table": quoted(f"{schema}.{bare}")}
        ).fetchone()
        if row and row[0] == "r" and not row[1]:
            return schema, bare
        if row:
            raise PartitionConflict(
                f"{schema}.{bare} is no table of its own. Nothing was done; "
                f"`warehouse partitions list {policy.parent}` names what stands by itself."
            )
    raise NoPartition(
        f"There is no table {given or policy.schema}.{bare}. Nothing was done; "
        f"`warehouse partitions list {policy.parent}` names what stands by itself."
    )


def _bare(name: str) -> str:
    return name.rpartition(".")[2]


def _whose(blocked: str, asked: str) -> str:
    return "" if blocked == asked else f"{blocked}: "
