"""How well the partitions are kept, in numbers, and whether an operator must act."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection, sql

from warehouse.partitions.brin import Brin, brin_report
from warehouse.partitions.catalog import State, read_world
from warehouse.partitions.gates import read_gates
from warehouse.partitions.plan import Blocked, Create, Gate, Partition
from warehouse.partitions.planning import making
from warehouse.partitions.retire import due, retirements
from warehouse.sql import query

APPLY = "run `warehouse partitions apply`"
# A hold is there so that nothing moves, and what was brought back was wanted.
INTENDED = (Gate.HOLD, Gate.RESTORED)


@dataclass(frozen=True)
class Health:
    """One table: how far ahead it reaches, what lies behind, and what must be done."""

    table: str
    ends_at: datetime | None
    headroom_days: float  # until the last partition ends, without a hole from now on
    missing: int  # partitions that the policy asks for
    homeless_rows: int  # in a default partition
    pending: int  # detaches that were begun
    retention_lag_days: float  # how long the oldest partition is overdue
    blocked: Sequence[str]
    act: Sequence[str]
    degraded: Sequence[str]  # works, but more slowly than it could; nobody's alarm
    brin: Sequence[Brin]  # of each partition


def check(
    conn: Connection[Any], now: datetime, tables: Sequence[str] | None = None
) -> list[Health]:
    """Every table under a policy, or the named ones and what hangs together with them."""
    world = read_world(conn, now, tables)
    steps, problems = making(world, now)
    candidates = due(world)
    _, blocked = retirements(world, candidates, read_gates(conn, world, candidates))
    failed = _failures(conn)
    ranges = brin_report(conn)
    return [
        _health(
            conn,
            state,
            now,
            [s for s in steps if s.policy.parent == state.policy.parent],
            [b for b in blocked if b.parent == state.policy.parent],
            [p.message for p in problems if p.parent == state.policy.parent]
            + failed.get(state.policy.parent, []),
            [each for each in ranges if each.parent == state.policy.parent],
        )
        for state in world.states
    ]


def _health(
    conn: Connection[Any],
    state: State,
    now: datetime,
    missing: Sequence[Create],
    blocked: Sequence[Blocked],
    problems: Sequence[str],
    brin: Sequence[Brin],
) -> Health:
    pending = sum(partition.pending for partition in state.partitions)
    homeless = _homeless(conn, state)
    lag = _lag(state)
    return Health(
        table=state.policy.parent,
        ends_at=state.partitions[-1].bounds.end if state.partitions else None,
        headroom_days=round(_days(_reach(state.partitions, now) - now), 1),
        missing=len(missing),
        homeless_rows=homeless,
        pending=pending,
        retention_lag_days=round(lag, 1),
        blocked=[f"{b.partition}: {b.gate}: {b.reason}" for b in blocked],
        act=[
            *problems,
            *_room(state, now, missing),
            *([f"{homeless} rows wait in {state.default}"] if homeless else []),
            *([f"{pending} detach left pending; {APPLY}"] if pending else []),
            *_overdue(lag, blocked),
        ],
        degraded=[told for each in brin for told in each.problems],
        brin=brin,
    )


def _room(state: State, now: datetime, missing: Sequence[Create]) -> Iterator[str]:
    if not any(p.bounds.start <= now < p.bounds.end for p in state.partitions):
        yield f"a row of now has nowhere to go; {APPLY}"
    elif len(missing) > state.policy.premake / 2:
        yield f"{len(missing)} partitions are missing; {APPLY}"


def _overdue(lag: float, blocked: Sequence[Blocked]) -> Iterator[str]:
    """A day's grace: what fell due since the last nightly run is nobody's fault."""
    standing = [b for b in blocked if b.gate not in INTENDED]
    if lag <= 1 or (blocked and not standing):
        return
    if not standing:
        yield f"partitions are overdue by {lag:.0f} days; {APPLY}"
    for b in standing[:1]:
        more = f" (and {len(standing) - 1} more)" if len(standing) > 1 else ""
        yield f"{b.partition} is overdue; {b.gate}: {b.reason}{more}"


def _reach(there: Sequence[Partition], now: datetime) -> datetime:
    """The end of what is covered from now on without a hole; now itself where nothing is."""
    reached = now
    for partition in there:
        if partition.bounds.start <= reached:
            reached = max(reached, partition.bounds.end)
    return reached


def _lag(state: State) -> float:
    oldest = min((p.bounds.end for p in state.partitions), default=None)
    if not state.keep_from or not oldest or not state.policy.automatic_maintenance:
        return 0.0
    return max(0.0, _days(state.keep_from - oldest))


def _days(span: Any) -> float:
    return float(span.total_seconds()) / 86400


def _homeless(conn: Connection[Any], state: State) -> int:
    if not state.default:
        return 0
    table = sql.Identifier(state.policy.schema, state.default)
    row = conn.execute(sql.SQL("select count(*) from {}").format(table)).fetchone()
    return int(row[0]) if row else 0


def _failures(conn: Connection[Any]) -> dict[str, list[str]]:
    """What failed in a table's last run and was not done since."""
    found: dict[str, list[str]] = {}
    for parent, partition, step, error in conn.execute(query("partitions/list_failures")):
        found.setdefault(parent, []).append(f"{step} of {partition} failed: {error}")
    return found
