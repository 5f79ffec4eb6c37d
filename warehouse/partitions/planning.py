"""Puts a plan together: what was left pending, then what is missing, then what is to go."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from psycopg import Connection

from warehouse.partitions.catalog import State, World, read_world
from warehouse.partitions.gates import read_drop_gates, read_gates
from warehouse.partitions.naming import Bounds
from warehouse.partitions.plan import (
    Create,
    Finalize,
    Partition,
    PartitionConflict,
    Plan,
    Problem,
    ahead,
    missing,
    overlap,
)
from warehouse.partitions.retire import detached, due, leftovers, retirements


def make_plan(
    conn: Connection[Any],
    now: datetime,
    tables: Iterable[str] | None = None,
    span: tuple[datetime, datetime] | None = None,
) -> Plan:
    """What the policies ask for as of now; with a span, the partitions of that span besides."""
    world = read_world(conn, now, tables)
    gates = read_gates(conn, world, due(world))
    drop_gates = read_drop_gates(conn, world, detached(world))
    made, problems = making(world, now, span)
    left, left_blocked = leftovers(world, drop_gates)
    gone, blocked = retirements(world, due(world), gates)
    steps = [*_finalize(world), *made, *left, *gone]
    return Plan(steps, [*left_blocked, *blocked], problems)


def making(
    world: World, now: datetime, span: tuple[datetime, datetime] | None = None
) -> tuple[list[Create], list[Problem]]:
    """The partitions that are missing, the log's first: every step leaves an event in it. Pure."""
    steps: list[Create] = []
    problems: list[Problem] = []
    for state in sorted(world.states, key=lambda state: state.policy.parent != "audit.events"):
        try:
            steps.extend(_make(state, now, span))
        except PartitionConflict as conflict:
            problems.append(Problem(state.policy.parent, str(conflict)))
    return steps, problems


def _finalize(world: World) -> Iterator[Finalize]:
    for state in world.states:
        for partition in state.partitions:
            if partition.pending:
                yield Finalize(state.policy, partition.name, partition.bounds)


def _make(state: State, now: datetime, span: tuple[datetime, datetime] | None) -> Iterator[Create]:
    policy = state.policy
    refuse_unfit(state)
    there = state.partitions
    if span:
        asked = missing(policy, there, *span)
        yield from (_unless_taken(state, step) for step in asked)
        there = [*there, *(Partition(step.name, step.bounds) for step in asked)]
    if not policy.automatic_maintenance:
        return
    # What was brought back stands by itself: the time between it and the others is no gap.
    apart = [name for name, archive in state.archives.items() if archive.state == "restored"]
    for step in ahead(
        policy, there, now, state.newest, apart, lambda bounds: _was_retired(state, bounds, now)
    ):
        yield _unless_taken(state, step)


def _was_retired(state: State, bounds: Bounds, now: datetime) -> bool:
    """A hole that retiring left is none: past the retention, archived, or a table of its own."""
    if bounds.end > now:
        return False
    if state.keep_from and bounds.end <= state.keep_from:
        return True
    return any(overlap(table.bounds, bounds) for table in state.detached) or any(
        overlap(Bounds(archive.range_from, archive.range_to), bounds)
        for archive in state.archives.values()
        if archive.verified_at
    )


def _unless_taken(state: State, step: Create) -> Create:
    taken = next(
        (t for t in state.detached if t.name == step.name and t.home == step.policy.schema), None
    )
    if taken:
        raise name_taken(step)
    return step


def name_taken(step: Create) -> PartitionConflict:
    """A table of the partition's name stands there by itself."""
    return PartitionConflict(
        f"{step.partition} stands as a table of its own, where a partition of that name is needed. "
        f"Nothing was made; `warehouse partitions attach {step.policy.parent} {step.name}` takes it "
        "in with its rows, or rename it."
    )


def refuse_unfit(state: State) -> None:
    """A policy must be of a table that is partitioned by range of the one column it names."""
    policy = state.policy
    if state.kind is None:
        raise PartitionConflict(
            f"There is a policy for {policy.parent} but no such table. Nothing was made; "
            "delete the row from ops.partition_policy, or create the table."
        )
    if state.kind != "p":
        raise PartitionConflict(
            f"There is a policy for {policy.parent} but it is not partitioned. Nothing was made; "
            "delete the row from ops.partition_policy, or partition the table."
        )
    if state.partition_key not in (f"RANGE ({policy.control})", f'RANGE ("{policy.control}")'):
        raise PartitionConflict(
            f"{policy.parent} is partitioned by {state.partition_key}, its policy says range of "
            f"{policy.control}. Nothing was made; correct it in ops.partition_policy."
        )
