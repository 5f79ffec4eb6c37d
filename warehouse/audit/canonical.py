"""What exactly is hashed: rows, events, batches and heads, each in one form that has a version.

A row is what PostgreSQL sends for it in binary (`record_send`: fields that name their type and length,
times in microseconds of UTC, numerics with their scale); `records` reads it. Trees are in `merkle`.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from struct import pack

from warehouse.audit import merkle

VERSION = 1
# What list_sealed_events.sql sends. Without xid, which a restore rebases.
EVENT_COLUMNS = (
    *("event_id", "occurred_at", "actor", "login_role", "application", "request_id", "reason"),
    *("table_schema", "table_name", "operation", "row_count", "time_from", "time_to"),
    *("account_ids", "instrument_ids", "batch_id", "digest"),
)
IMAGE_COLUMNS = (
    *("event_id", "occurred_at", "image_no", "table_schema", "table_name", "row_key"),
    *("before", "after"),
)

Field = bytes | str | int | None
Columns = Sequence[Sequence[str]]  # names and types, in order
Shapes = Mapping[str, Columns]  # by table


def framed(what: str, *fields: Field) -> bytes:
    """Fields behind their lengths, so that no two lists of them read alike; null is no length at all."""
    return b"".join(map(_framed, (f"tapehouse {what} {VERSION}", *fields)))


def _framed(field: Field) -> bytes:
    if field is None:
        return pack(">i", -1)
    if isinstance(field, int):
        field = pack(">q", field)
    elif isinstance(field, str):
        field = field.encode()
    return pack(">i", len(field)) + field


def evidence_hash(rows: int, rows_root: bytes, images: int, images_root: bytes) -> bytes:
    """What an event changed: the tree of the rows it wrote, and the tree of its images."""
    return sha256(framed("evidence", rows, rows_root, images, images_root)).digest()


def event_leaf(record: bytes, evidence: bytes) -> bytes:
    """An event, as it was sent, with what it changed."""
    return merkle.leaf(framed("event", record, evidence))


def digest(sorted_leaves: bytes) -> bytes:
    """What the trigger of a table writes into the event of a small statement."""
    return sha256(sorted_leaves).digest()


def ids_hash(event_ids: Iterable[int]) -> bytes:
    """The events of a batch, in the order of its leaves."""
    return sha256(b"".join(pack(">q", each) for each in event_ids)).digest()


def shapes_text(shapes: Shapes) -> str:
    """The columns of all tables, as they are stored and hashed."""
    return json.dumps(shapes, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def shapes_hash(text: str) -> bytes:
    return sha256(text.encode()).digest()
