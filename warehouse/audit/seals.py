"""The seals as they stand in the database, and what they say in terms of batches and heads."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.rows import class_row, dict_row

from warehouse.audit import merkle
from warehouse.audit.canonical import ids_hash
from warehouse.audit.heads import Batch, Head
from warehouse.sql import query

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PAGE = 100  # seals fetched at once: about 10 MB where they are full


def microseconds(moment: datetime) -> int:
    """A moment as it is hashed."""
    return (moment - EPOCH) // timedelta(microseconds=1)


class Newest(NamedTuple):
    """The newest head, and the tree of the log as it left it."""

    head: Head
    log: merkle.Growing


class Lag(NamedTuple):
    """What waits to be sealed."""

    events: int
    rows: int
    seconds: float


@dataclass(frozen=True)
class Seal:
    """A row of audit.seals."""

    seal_id: int
    event_ids: list[int]
    leaf_hashes: bytes
    evidence_hashes: bytes
    row_count: int
    first_occurred_at: datetime
    last_occurred_at: datetime
    leaf_count: int
    tree_size: int
    canonical_version: int
    shapes_sha256: bytes
    merkle_root: bytes
    batch_hash: bytes
    log_root: bytes
    log_peaks: bytes
    previous_head_hash: bytes | None
    head_hash: bytes
    signature: bytes
    key_id: str
    sealed_at: datetime

    @property
    def batch(self) -> Batch:
        """The batch that its columns describe."""
        return Batch(
            seal_id=self.seal_id,
            leaf_count=self.leaf_count,
            merkle_root=self.merkle_root,
            ids_sha256=ids_hash(self.event_ids),
            first_occurred_at=microseconds(self.first_occurred_at),
            last_occurred_at=microseconds(self.last_occurred_at),
            shapes_sha256=self.shapes_sha256,
        )

    @property
    def head(self) -> Head:
        """The head that its columns describe."""
        return Head(
            seal_id=self.seal_id,
            tree_size=self.tree_size,
            batch_hash=self.batch_hash,
            log_root=self.log_root,
            previous_head_hash=self.previous_head_hash,
            sealed_at=microseconds(self.sealed_at),
            key_id=self.key_id,
            signature=self.signature,
        )

    @property
    def log(self) -> merkle.Growing:
        """The tree of the log up to this batch."""
        return merkle.Growing(self.seal_id, merkle.cut(self.log_peaks))

    def leaves(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Each event with its leaf and the hash of its evidence."""
        return zip(
            self.event_ids,
            merkle.cut(self.leaf_hashes),
            merkle.cut(self.evidence_hashes),
            strict=True,
        )


def read_seals(conn: Connection[Any], first: int, last: int) -> Iterator[Seal]:
    """The seals from one to another, oldest first, a few in memory at a time."""
    with conn.cursor(row_factory=class_row(Seal), binary=True) as cursor:
        for start in range(first, last + 1, PAGE):
            page = {"first": start, "last": min(start + PAGE - 1, last)}
            yield from cursor.execute(query("audit/list_seals"), page).fetchall()


def read_newest(conn: Connection[Any]) -> Newest | None:
    """The newest head, None where nothing is sealed yet."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(query("audit/read_newest_head")).fetchone()
    if row is None:
        return None
    peaks = merkle.cut(row.pop("log_peaks"))
    head = _head(row)
    return Newest(head, merkle.Growing(head.seal_id, peaks))


def read_heads(conn: Connection[Any], after: int) -> Iterator[Head]:
    """The heads after one, oldest first."""
    with conn.cursor(row_factory=dict_row) as cursor:
        yield from map(_head, cursor.execute(query("audit/list_heads"), {"after": after}))


def read_span(conn: Connection[Any], since: datetime | None) -> tuple[int | None, int]:
    """The first seal with an event of a moment or later, and the newest."""
    row = conn.execute(query("audit/read_seal_span"), {"since": since}).fetchone()
    assert row
    return row[0], row[1]


def read_lag(conn: Connection[Any]) -> Lag:
    """What waits to be sealed now."""
    return Lag(*chain.from_iterable(conn.execute(query("audit/read_lag"))))


def _head(row: dict[str, Any]) -> Head:
    return Head(**row | {"sealed_at": microseconds(row["sealed_at"])})
