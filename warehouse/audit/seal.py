"""The sealer: takes settled events in stable order, hashes what they changed, and signs a head over it.

Each batch is a transaction of its own, in which the cursor moves with the seal: killed at any point and
run again, it goes on where it was. Writers are never waited for and never wait.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import Connection
from psycopg.rows import dict_row

from warehouse.audit import merkle
from warehouse.audit.canonical import VERSION, event_leaf, ids_hash, shapes_hash, shapes_text
from warehouse.audit.doubts import doubts
from warehouse.audit.errors import AnotherSealer, ChainBroken
from warehouse.audit.evidence import Event, Evidence, Tables, in_utf8, read_evidence, read_tables
from warehouse.audit.heads import Batch, Head, Keys, fingerprint
from warehouse.audit.seals import Newest, microseconds, read_newest
from warehouse.sql import query


@dataclass(frozen=True)
class Limits:
    """How large a batch may grow; one event with more rows makes a batch alone."""

    events: int = 10_000
    rows: int = 100_000


class Sealed(NamedTuple):
    """A batch that was sealed, and what did not fit in it, a sentence each."""

    head: Head
    events: int
    rows: int
    doubts: Sequence[str]


class _Page(NamedTuple):
    """The next events, what is read up to, and where in it the page ends; null at its end."""

    events: Sequence[Event]
    target: str
    last_xid: str | None


@contextmanager
def sealing(conn: Connection[Any]) -> Iterator[None]:
    """One at a time; the server gives the lock back when the session dies."""
    row = conn.execute(query("audit/try_lock_sealer")).fetchone()
    if not (row and row[0]):
        raise AnotherSealer
    in_utf8(conn)
    try:
        yield
    finally:
        if not conn.closed:
            conn.execute(query("audit/unlock_sealer"))


def seal_next(
    conn: Connection[Any], key: Ed25519PrivateKey, trusted: Keys, limits: Limits | None = None
) -> Sealed | None:
    """Seal the next batch, None where nothing is pending; in autocommit, under `sealing`."""
    with conn.transaction():
        page = _read_page(conn, limits or Limits())
        if not page.events:
            return None
        newest = read_newest(conn)
        if newest and (problem := newest.head.problem(trusted)):
            raise ChainBroken(
                f"Seal {newest.head.seal_id}, the newest, {problem}. Nothing was sealed on it; "
                "`warehouse audit verify` says more."
            )
        tables = read_tables(conn)
        evidence = read_evidence(conn, tables, page.events)
        head = _append(conn, key, newest, page, evidence, tables)
        return Sealed(
            head,
            len(page.events),
            sum(each.rows.size for each in evidence.values()),
            list(_doubts(conn, tables, page.events, evidence)),
        )


def _read_page(conn: Connection[Any], limits: Limits) -> _Page:
    conn.execute(query("audit/lock_sealer_cursor"))
    while True:
        # In a statement of its own, so that it sees what the former sealer committed.
        with conn.cursor(row_factory=dict_row) as cursor:
            place = cursor.execute(query("audit/read_sealer_cursor")).fetchone()
        assert place
        named = place | {"events": limits.events + 1}
        with conn.cursor(binary=True) as cursor:
            found = [*map(Event._make, cursor.execute(query("audit/list_pending_events"), named))]
        taken = found[: _fitting(found, limits)]
        events = _unsealed(conn, taken)
        if events or not found:
            ends_inside = len(taken) < len(found)
            return _Page(events, place["target"], events[-1].xid if ends_inside else None)
        last = taken[-1] if len(taken) < len(found) else None
        skipped = {"last_xid": last and last.xid, "last_event_id": last and last.event_id}
        conn.execute(query("audit/skip_sealed_events"), place | skipped)


def _unsealed(conn: Connection[Any], events: Sequence[Event]) -> Sequence[Event]:
    """A restore brings events again that are sealed already: their transaction ids are new."""
    if not events:
        return events
    ids = [each.event_id for each in events]
    named = {"low": min(ids), "high": max(ids), "event_ids": ids}
    sealed = {event_id for (event_id,) in conn.execute(query("audit/list_sealed_among"), named)}
    return [each for each in events if each.event_id not in sealed]


def _fitting(events: Sequence[Event], limits: Limits) -> int:
    """How many of the events make a batch."""
    rows = 0
    for number, each in enumerate(events[: limits.events]):
        rows += each.row_count
        if rows > limits.rows and number:
            return number
    return min(len(events), limits.events)


def _append(
    conn: Connection[Any],
    key: Ed25519PrivateKey,
    newest: Newest | None,
    page: _Page,
    evidence: Mapping[int, Evidence],
    tables: Tables,
) -> Head:
    proofs = [evidence[each.event_id].hash for each in page.events]
    leaves = b"".join(map(event_leaf, (each.record for each in page.events), proofs))
    times = [each.occurred_at for each in page.events]
    event_ids = [each.event_id for each in page.events]
    shapes = shapes_text({name: table.columns for name, table in tables.items()})
    batch = Batch(
        seal_id=newest.head.seal_id + 1 if newest else 1,
        leaf_count=len(event_ids),
        merkle_root=merkle.root(leaves),
        ids_sha256=ids_hash(event_ids),
        first_occurred_at=microseconds(min(times)),
        last_occurred_at=microseconds(max(times)),
        shapes_sha256=shapes_hash(shapes),
    )
    log = newest.log if newest else merkle.Growing()
    log.add(batch.hash)
    sealed_at = datetime.now(UTC)
    head = Head(
        seal_id=batch.seal_id,
        tree_size=(newest.head.tree_size if newest else 0) + batch.leaf_count,
        batch_hash=batch.hash,
        log_root=log.root(),
        previous_head_hash=newest.head.hash if newest else None,
        sealed_at=microseconds(sealed_at),
        key_id=fingerprint(key.public_key()),
    ).sign(key)
    row = {
        "seal_id": batch.seal_id,
        "snapshot": page.target,
        "event_ids": event_ids,
        "leaf_hashes": leaves,
        "evidence_hashes": b"".join(proofs),
        "row_count": sum(each.rows.size + each.images.size for each in evidence.values()),
        "first_occurred_at": min(times),
        "last_occurred_at": max(times),
        "tree_size": head.tree_size,
        "canonical_version": VERSION,
        "shapes": shapes,
        "merkle_root": batch.merkle_root,
        "batch_hash": batch.hash,
        "log_root": head.log_root,
        "log_peaks": b"".join(log.peaks),
        "previous_head_hash": head.previous_head_hash,
        "head_hash": head.hash,
        "signature": head.signature,
        "key_id": head.key_id,
        "sealed_at": sealed_at,
        "last_xid": page.last_xid,
    }
    conn.execute(query("audit/append_seal"), row)
    return head


def _doubts(
    conn: Connection[Any],
    tables: Tables,
    events: Sequence[Event],
    evidence: Mapping[int, Evidence],
) -> Iterator[str]:
    for each in events:
        yield from doubts(conn, tables.get(each.relation), each, evidence[each.event_id])
