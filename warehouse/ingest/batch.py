"""The load as a row: what was loaded before, and what became of this one."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from warehouse.ingest.account_numbers import AccountNumbers
from warehouse.ingest.kind import Kind
from warehouse.ingest.quality.status import Missed
from warehouse.ingest.sources import Source
from warehouse.models.ops import BatchState, IngestKind, IngestMode
from warehouse.settings import AccountSettings
from warehouse.sql import query


@dataclass
class Tally:
    """Every row read is one of the other three."""

    read: int = 0
    loaded: int = 0
    duplicate: int = 0
    rejected: int = 0

    @property
    def came_to_nothing(self) -> bool:
        """Whether rows were read and each was turned away."""
        return 0 < self.read == self.rejected


@dataclass
class Batch:
    """One load of one content."""

    source: Source
    source_id: int
    kind: IngestKind
    mode: IngestMode
    content_hash: bytes
    batch_id: int = 0
    is_backfill: bool = False
    tally: Tally = field(default_factory=Tally)
    accounts: set[int] = field(default_factory=set)  # whose books it writes, as far as is known
    missed: Missed = field(default_factory=dict)  # of bars: whose rows were turned away
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def loaded_before(self, conn: Connection[Any]) -> dict[str, Any] | None:
        """The load that had the same content; waits for one that is under way."""
        asked = {"content_hash": self.content_hash, "kind": self.kind, "source_id": self.source_id}
        conn.execute(query("ingest/lock_content"), {"content": self.content_hash.hex()})
        with conn.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query("ingest/find_loaded"), asked).fetchone()

    def open(self, conn: Connection[Any]) -> None:
        """Draw its key; every event of the transaction will name it."""
        row = conn.execute(query("ingest/draw_batch_id")).fetchone()
        assert row
        self.batch_id = row[0]

    def file(self, conn: Connection[Any], state: BatchState, error: str | None = None) -> None:
        """Write it down; of what was not kept, nothing counts as loaded."""
        is_loaded = state is BatchState.LOADED
        values = {
            "batch_id": self.batch_id,
            "source_id": self.source_id,
            "kind": self.kind,
            "content_hash": self.content_hash,
            "file_name": self.source.name,
            "byte_count": self.source.size if self.source.name else None,
            "mode": self.mode,
            "is_backfill": self.is_backfill,
            "read": self.tally.read,
            "loaded": self.tally.loaded if is_loaded else 0,
            "duplicate": self.tally.duplicate,
            "rejected": self.tally.rejected,
            "state": state,
            "started_at": self.started_at,
            "error": error,
        }
        conn.execute(query("ingest/file_batch"), values)


def identity(content: bytes, mapping: bytes, kind: Kind) -> bytes:
    """The same bytes read in another way are another load."""
    # A plain hash of a file would tell whether it holds a number that somebody tries.
    key = AccountNumbers.of(AccountSettings()).digest("") if kind.is_secret else b""
    return sha256(content + mapping + key).digest()
