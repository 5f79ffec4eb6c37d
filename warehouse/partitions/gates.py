"""Which gates stand between a due partition and its retirement; reads tables, writes nothing.

Open when every production rollup has read past it and was verified since, the events of its rows are
sealed, no legal hold names it, and its archive was read back.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from psycopg import Connection

from warehouse.partitions.catalog import BEGINNING, END, State, World, related
from warehouse.partitions.naming import Bounds
from warehouse.partitions.plan import Gate, Partition, Reason, overlap, said
from warehouse.sql import query


class Candidate(NamedTuple):
    """A partition that may be retired."""

    parent: str
    name: str
    bounds: Bounds


# What stands in the way, by candidate.
Gates = Mapping[Candidate, Sequence[Reason]]


def read_gates(
    conn: Connection[Any], world: World, candidates: Sequence[Candidate], *, by_hand: bool = False
) -> Gates:
    """The gates of attached partitions, in a handful of queries; by hand, a restored one may go."""
    return _gathered(
        (
            *_holds(conn, world, candidates),
            *_rollups(conn, candidates),
            *_seals(conn, candidates),
            *_archives(world, candidates, by_hand=by_hand),
        )
    )


def read_drop_gates(conn: Connection[Any], world: World, candidates: Sequence[Candidate]) -> Gates:
    """The gates of detached tables: rollups have let go of them, holds and archives have not."""
    return _gathered(
        (*_holds(conn, world, candidates), *_archives(world, candidates, by_hand=True))
    )


def _gathered(found: Iterable[tuple[Candidate, Reason]]) -> Gates:
    reasons: dict[Candidate, list[Reason]] = defaultdict(list)
    for candidate, reason in found:
        reasons[candidate].append(reason)
    return reasons


def _holds(
    conn: Connection[Any], world: World, candidates: Sequence[Candidate]
) -> Iterable[tuple[Candidate, Reason]]:
    """A hold on one table of a set holds what refers to it, too."""
    sets = {c.parent: related(world.keys, [c.parent]) for c in candidates}
    tables = sorted({name for names in sets.values() for name in names})
    holds = conn.execute(query("partitions/list_holds"), {"parents": tables}).fetchall()
    for candidate in candidates:
        for hold_id, parent, start, end, reason, *_ in holds:
            held = Bounds(start or BEGINNING, end or END)
            if parent in sets[candidate.parent] and overlap(held, candidate.bounds):
                yield candidate, Reason(Gate.HOLD, f"hold {hold_id} on {parent}: {reason}")


def _rollups(
    conn: Connection[Any], candidates: Sequence[Candidate]
) -> Iterable[tuple[Candidate, Reason]]:
    named = {(c.parent, c.name): c for c in candidates}
    rows = conn.execute(query("partitions/list_rollups_behind"), _listed(candidates))
    for parent, name, relation, unbuilt, unread in rows:
        if unbuilt:
            reason = f"{relation} was never built; run `warehouse build`"
        elif unread:
            reason = f"{relation} has not read past it; run `warehouse refresh`"
        else:
            reason = f"{relation} was not verified since; run `warehouse verify`"
        yield named[parent, name], Reason(Gate.ROLLUP, reason)


def _seals(
    conn: Connection[Any], candidates: Sequence[Candidate]
) -> Iterable[tuple[Candidate, Reason]]:
    """Rows that are gone cannot be sealed; a log that nobody seals holds nothing up."""
    named = {(c.parent, c.name): c for c in candidates}
    rows = conn.execute(query("partitions/list_unsealed"), _listed(candidates))
    for parent, name in rows:
        reason = "events of its rows are not sealed yet; run `warehouse audit seal`"
        yield named[parent, name], Reason(Gate.SEAL, reason)


def _listed(candidates: Sequence[Candidate]) -> dict[str, list[Any]]:
    """The candidates as the gates' queries unnest them."""
    return {
        "parents": [c.parent for c in candidates],
        "names": [c.name for c in candidates],
        "starts": [c.bounds.start for c in candidates],
        "ends": [c.bounds.end for c in candidates],
    }


def _archives(
    world: World, candidates: Sequence[Candidate], *, by_hand: bool
) -> Iterable[tuple[Candidate, Reason]]:
    states = {state.policy.parent: state for state in world.states}
    for candidate in candidates:
        if reason := unarchived(states[candidate.parent], candidate, by_hand=by_hand):
            yield candidate, reason


def unarchived(state: State, candidate: Candidate, *, by_hand: bool) -> Reason | None:
    """Why a partition's archive does not let it go, or None."""
    archive = state.archives.get(candidate.name)
    command = f"run `warehouse partitions archive {candidate.parent} {candidate.name}`"
    if archive is None:
        return Reason(Gate.ARCHIVE, f"there is none; {command}")
    number = f"archive {archive.archive_id}"
    if archive.state not in ("verified", "restored") or not archive.verified_at:
        return Reason(Gate.ARCHIVE, f"{number} is {archive.state}, not verified; {command}")
    kept = Bounds(archive.range_from, archive.range_to)
    if kept != candidate.bounds:
        return Reason(Gate.ARCHIVE, f"{number} is of {said(kept)}; {command}")
    if archive.state == "restored" and not by_hand:
        detach = f"`warehouse partitions detach {candidate.parent} {candidate.name}`"
        return Reason(Gate.RESTORED, f"it was brought back and stays until someone runs {detach}")
    return None


def candidate(state: State, partition: Partition) -> Candidate:
    """A partition of a table, as the gates see it."""
    return Candidate(state.policy.parent, partition.name, partition.bounds)
