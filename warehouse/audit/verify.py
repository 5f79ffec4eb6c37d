"""Recomputes the log from its rows: heads, leaves, events, rows and images; and locates what differs.

Seals are walked in order; what is in them is checked in groups, several at a time, each on a
connection of its own: the server hashes rows while trees are built here.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from psycopg import Connection

from warehouse.audit.canonical import VERSION
from warehouse.audit.contents import check_contents
from warehouse.audit.evidence import in_utf8
from warehouse.audit.findings import Finding, Report, What
from warehouse.audit.heads import Head, Keys
from warehouse.audit.seals import Seal, read_heads, read_lag, read_seals, read_span
from warehouse.audit.walk import Walk
from warehouse.sql import query

Connect = Callable[[], AbstractContextManager[Connection[Any]]]

JOBS = 2
EVENTS, ROWS = 10_000, 100_000  # in a group of seals, unless one holds more
MOST = 100  # unsealed events that are named


def verify(
    connect: Connect,
    keys: Keys,
    since: datetime | None = None,
    published: Mapping[int, Head] | None = None,
    jobs: int = JOBS,
) -> Report:
    """Check what was sealed since a moment, by default everything."""
    report = Report()
    with connect() as conn:
        first, report.newest = read_span(conn, since)
        report.findings += _published(conn, keys, published or {})
        if first is not None:
            walked = _walk(conn, keys, 1 if since is None else first, report)
            for part in _spread(connect, _groups(walked), jobs):
                report.add(part)
        report.findings += _unsealed(conn, since)
        report.unsealed = read_lag(conn).events
    return report


def _walk(conn: Connection[Any], keys: Keys, first: int, report: Report) -> Iterator[Seal]:
    """The seals, each after its place in the chain was looked at."""
    before = list(read_seals(conn, first - 1, first - 1))
    walk = Walk(keys, before[0] if before else None)
    if before and (problem := before[0].head.problem(keys)):
        report.findings.append(Finding(What.HEAD, f"seal {first - 1} {problem}", first - 1))
    for seal in read_seals(conn, first, report.newest):
        report.findings += walk.step(seal)
        if seal.canonical_version == VERSION and len(seal.leaf_hashes) == len(seal.evidence_hashes):
            yield seal


def _groups(seals: Iterator[Seal]) -> Iterator[list[Seal]]:
    """Seals that are checked together, since a query for each of a million would take days."""
    group: list[Seal] = []
    events = rows = 0
    for seal in seals:
        events, rows = events + seal.leaf_count, rows + seal.row_count
        differs = group and seal.shapes_sha256 != group[0].shapes_sha256
        if group and (events > EVENTS or rows > ROWS or differs):
            yield group
            group, events, rows = [], seal.leaf_count, seal.row_count
        group.append(seal)
    if group:
        yield group


def _spread(connect: Connect, groups: Iterator[list[Seal]], jobs: int) -> Iterator[Report]:
    """What is found of each group, several at a time, and no more of them read than that."""

    def check(group: list[Seal]) -> Report:
        with connect() as conn:
            in_utf8(conn)
            return check_contents(conn, group)

    with ThreadPoolExecutor(jobs) as pool:
        waiting: deque[Future[Report]] = deque()
        for group in groups:
            waiting.append(pool.submit(check, group))
            if len(waiting) > jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _published(
    conn: Connection[Any], keys: Keys, published: Mapping[int, Head]
) -> Iterator[Finding]:
    """Heads that were given out must be there as they were given out."""
    there = {head.seal_id: head for head in read_heads(conn, min(published, default=1) - 1)}
    for seal_id, head in sorted(published.items()):
        if problem := head.problem(keys):
            yield Finding(What.GONE, f"the published head of seal {seal_id} {problem}", seal_id)
        elif seal_id not in there:
            told = (
                f"seal {seal_id} was published, with {head.tree_size} events up to it, and is gone"
            )
            yield Finding(What.GONE, told, seal_id)
        elif there[seal_id].hash != head.hash:
            told = f"seal {seal_id} was published with another head than it has"
            yield Finding(What.GONE, told, seal_id)


def _unsealed(conn: Connection[Any], since: datetime | None) -> Iterator[Finding]:
    """Events that were put behind the sealer, or sealed twice."""
    for event_id, seals in conn.execute(
        query("audit/list_unsealed"), {"since": since, "most": MOST}
    ):
        if seals:
            told = f"event {event_id} is in {seals} seals"
        else:
            told = f"event {event_id} is in no seal, though the sealer has read past it"
        yield Finding(What.UNSEALED, told, event_id=event_id)
