"""Which partitions are due, which of them may go, and in what order: sets that hang together, together.

Pure. A transaction is never left without its items: what overlaps in two tables of a set goes in one
plan or stays, the side that refers first.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from warehouse.partitions.catalog import Detached, SetKey, State, World
from warehouse.partitions.gates import Candidate, Gates, candidate
from warehouse.partitions.naming import Bounds
from warehouse.partitions.plan import (
    Blocked,
    Detach,
    Drop,
    DropIndexes,
    DropKey,
    Gate,
    Move,
    Policy,
    Reason,
    Step,
    overlap,
)

# By candidate: the partitions of other tables that a key ties it to.
Ties = Mapping[Candidate, Sequence[tuple[SetKey, Candidate]]]


def due(world: World) -> list[Candidate]:
    """The attached partitions that are past their table's retention."""
    return [
        candidate(state, partition)
        for state in world.states
        for partition in state.partitions
        if _is_due(state, partition.bounds.end) and not partition.pending
    ]


def retirements(
    world: World, candidates: Sequence[Candidate], gates: Gates, *, put_away: bool = True
) -> tuple[list[Step], list[Blocked]]:
    """The steps that retire every candidate whose gates are open, and why the others stay.

    Without `put_away` they become tables of their own and stay where they are.
    """
    states = {state.policy.parent: state for state in world.states}
    reasons = {c: list(gates.get(c, ())) for c in candidates}
    ties = {c: list(_ties(world, c)) for c in candidates}
    steps: list[Step] = []
    for c in _ordered(_going(candidates, reasons, ties), ties):
        steps.extend(_detaching(states[c.parent], c, world.keys))
        if put_away:
            policy = states[c.parent].policy
            table = Detached(policy.schema, c.name, c.bounds, retired=True, indexed=True)
            steps.extend(_put_away(policy, table))
    return steps, [Blocked(c.parent, c.name, *r) for c, found in reasons.items() for r in found]


def leftovers(world: World, gates: Gates) -> tuple[list[Step], list[Blocked]]:
    """What still is to be done to tables that an earlier run detached and did not come to."""
    steps: list[Step] = []
    blocked: list[Blocked] = []
    for state in world.states:
        for table in (table for table in state.detached if table.retired):
            steps.extend(_untie(state.policy, table))
            if not _is_due(state, table.bounds.end):
                continue
            reasons = gates.get(Candidate(state.policy.parent, table.name, table.bounds))
            for step in _put_away(state.policy, table):
                if isinstance(step, Drop) and reasons:
                    blocked.extend(Blocked(state.policy.parent, table.name, *r) for r in reasons)
                else:
                    steps.append(step)
    return steps, blocked


def detached(world: World) -> list[Candidate]:
    """The tables that an earlier run detached and that are past their table's retention."""
    return [
        Candidate(state.policy.parent, table.name, table.bounds)
        for state in world.states
        for table in state.detached
        if table.retired and _is_due(state, table.bounds.end)
    ]


def _is_due(state: State, end: datetime) -> bool:
    kept = state.keep_from
    return state.policy.automatic_maintenance and kept is not None and end <= kept


def together(world: World, c: Candidate) -> list[Candidate]:
    """The partition and all that keys tie to it, however far."""
    found, new = [c], [c]
    while new:
        new = [other for one in new for _, other in _ties(world, one) if other not in found]
        found += new
    return found


def detached_key_drops(world: World, bounds: Bounds) -> list[Step]:
    """The keys that tables detached earlier still have to partitions of that time."""
    return [
        step
        for state in world.states
        for table in state.detached
        if table.retired and overlap(table.bounds, bounds)
        for step in _untie(state.policy, table)
    ]


# -- what may go -----------------------------------------------------------------------------------


def _going(
    candidates: Sequence[Candidate],
    reasons: dict[Candidate, list[Reason]],
    ties: Ties,
) -> list[Candidate]:
    """Those without a reason to stay; what one that stays needs stays as well."""
    going = [c for c in candidates if not reasons[c]]
    while True:
        names = {(c.parent, c.name) for c in going}
        staying = {c: _held_back(names, ties[c]) for c in going}
        if not any(staying.values()):
            return going
        for c, found in staying.items():
            reasons[c].extend(found)
        going = [c for c in going if not staying[c]]


def _held_back(
    going: set[tuple[str, str]], ties: Iterable[tuple[SetKey, Candidate]]
) -> list[Reason]:
    return [
        Reason(
            Gate.SET, f"{other.parent.partition('.')[0]}.{other.name} stays, and they go together"
        )
        for _, other in ties
        if (other.parent, other.name) not in going
    ]


def _ties(world: World, c: Candidate) -> Iterator[tuple[SetKey, Candidate]]:
    """The attached partitions of other tables whose rows refer to this one's, or the other way."""
    states = {state.policy.parent: state for state in world.states}
    for key in world.keys:
        if c.parent not in (key.child, key.parent):
            continue
        other = states.get(key.parent if c.parent == key.child else key.child)
        for partition in other.partitions if other else ():
            if other and not partition.pending and overlap(partition.bounds, c.bounds):
                yield key, candidate(other, partition)


# -- in what order ---------------------------------------------------------------------------------


def _ordered(going: Sequence[Candidate], ties: Ties) -> list[Candidate]:
    """By time, but each after those that refer to it."""
    ordered: list[Candidate] = []
    met: set[Candidate] = set()

    def visit(c: Candidate) -> None:
        if c not in met:
            met.add(c)
            for key, other in ties[c]:
                if other.parent == key.child:
                    visit(other)
            ordered.append(c)

    for c in sorted(going, key=lambda c: (c.bounds.start, c.parent)):
        visit(c)
    return ordered


# -- what is done ----------------------------------------------------------------------------------


def _detaching(state: State, c: Candidate, keys: Iterable[SetKey]) -> Iterator[Step]:
    """Concurrently, but for the audit's own tables and where a default partition forbids it."""
    policy = state.policy
    concurrently = policy.schema != "audit" and not state.default
    yield Detach(policy, c.name, c.bounds, concurrently)
    tied = [key.name for key in keys if key.child == c.parent]
    yield from _untie(policy, Detached(policy.schema, c.name, c.bounds, True, tied))


def _untie(policy: Policy, table: Detached) -> Iterator[Step]:
    for key in table.keys:
        yield DropKey(policy, table.name, table.bounds, key)


def _put_away(policy: Policy, table: Detached) -> Iterator[Step]:
    """Like pg_partman, the retention schema comes before retention_keep_table."""
    if not policy.retention_schema and not policy.retention_keep_table:
        yield Drop(policy, table.name, table.bounds, table.home)
        return
    if table.indexed and not policy.retention_keep_index:
        yield DropIndexes(policy, table.name, table.bounds, table.home)
    if policy.retention_schema and table.home != policy.retention_schema:
        yield Move(policy, table.name, table.bounds, policy.retention_schema)
