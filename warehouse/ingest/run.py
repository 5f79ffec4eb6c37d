"""A load under way, inside its transaction: its rows are taken in, booked, and filed with their rejects.

Who opens the transaction, begins again and tells what became of it is `pipeline`.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from operator import attrgetter
from typing import Any

from psycopg import Connection

from warehouse.ingest.backfill import Backfill
from warehouse.ingest.batch import Batch
from warehouse.ingest.binding import Binding, Cast
from warehouse.ingest.booking.apply_fills import apply_fills, lock_accounts
from warehouse.ingest.direct import Direct
from warehouse.ingest.errors import IngestError, TooManyRejects
from warehouse.ingest.instruments import adder
from warehouse.ingest.merge import Merge, Ready
from warehouse.ingest.order import Order
from warehouse.ingest.quality.status import Feeds, note_missed, touch_status
from warehouse.ingest.reading import casts, unused
from warehouse.ingest.rejects import Spool
from warehouse.ingest.room import Closed, Room, cut_with
from warehouse.ingest.way import Ways, Writer
from warehouse.models.ops import BatchState, IngestKind
from warehouse.partitions.archive.ahead import ahead
from warehouse.sql import query

Tell = Callable[[int, float], object]  # rows so far, and which share of the file they are


class Run:
    """A load under way, inside its transaction."""

    def __init__(
        self, conn: Connection[Any], side: Connection[Any], order: Order, batch: Batch, spool: Spool
    ) -> None:
        self._conn, self._order, self._batch, self._spool = conn, order, batch, spool
        self._kind = order.kind
        self._binding = Binding(order.kind, order.mapping)
        add = adder(side) if order.creates_instruments else None
        conn.execute(query("ingest/find_source"), {"name": order.source})  # and keep it there
        batch.open(conn)
        self._closed = Closed(conn, order.kind.table)
        room = Room(side, cut_with(order.kind.table))
        known = {"source_id": batch.source_id, "batch_id": batch.batch_id}
        ways = Ways(conn, side, known, add)
        self._turn = ways.turn
        rows = ways.rows(order.kind, self._binding, self._closed, None if order.backfill else room)
        if order.kind.locks_what_it_names:
            _check_keys_by_set(conn)
        self._feeds = Feeds()
        see = self._feeds.see if order.kind.name is IngestKind.BARS else None
        self._direct = (Backfill if order.backfill else Direct)(conn, order.kind.table, see)
        books = None
        if order.kind.name is IngestKind.TRADES:
            books = batch.accounts
            lock_accounts(conn, books)
        merge = Merge(conn, order.kind, order.mode, batch.source_id, self._direct, books)
        way = ways.way(order.kind, order.mapping, order.mode, rows)
        self._writer = Writer(conn, way, merge, is_backfill=order.backfill)

    # -- the chunks --------------------------------------------------------------------------------

    def read(self, tell: Tell) -> list[str]:
        """Take in all rows; answers the columns of the file that nothing was made of."""
        spare: list[str] | None = None
        source, binding = self._batch.source, self._binding
        # Made ready on a thread of its own, while the server is busy with the rows before.
        with closing(ahead(self._prepared(), 1)) as found:
            for cast, ready, share in found:
                if spare is None and cast.chunk.columns:
                    spare = unused(source, binding, cast.chunk)
                self._take(cast, ready)
                tell(self._batch.tally.read, share)
        self._batch.source.refuse_if_changed()
        self._refuse_if_many(at_end=True)
        return spare or []

    def _prepared(self) -> Iterator[tuple[Cast, Ready | None, float]]:
        """The file's rows, cast, and as far as they can be made ready to be written."""
        for cast, share in casts(self._batch.source, self._binding, self._order.mapping):
            yield cast, self._writer.ready(cast), share

    def _take(self, cast: Cast, ready: Ready | None) -> None:
        """Everything that is done to a chunk."""
        chunk, tally = cast.chunk, self._batch.tally
        with self._turn:
            counts = self._writer.write(cast, ready)
        if self._kind.name is IngestKind.BARS:
            note_missed(self._batch.missed, cast, counts.rejects, self._batch.source.title)
        self._spool.add(sorted([*chunk.unread, *counts.rejects], key=attrgetter("line")))
        tally.read += len(chunk) + len(chunk.unread)
        tally.loaded += counts.loaded
        tally.duplicate += counts.duplicate
        tally.rejected = self._spool.count
        self._refuse_if_many(at_end=False)

    def _refuse_if_many(self, *, at_end: bool) -> None:
        tally, limit = self._batch.tally, self._order.limit
        if limit.refuses(tally, at_end=at_end):
            raise TooManyRejects(
                f"{self._batch.source.title}: {tally.rejected:,} of {tally.read:,} rows read were "
                f"rejected, more than the {limit} that --max-rejects allows. Nothing was loaded; "
                f"`warehouse ingest rejects {self._batch.batch_id}` shows them."
            )

    # -- the end -----------------------------------------------------------------------------------

    def finish(self) -> None:
        """Positions, then the load itself; the caller commits."""
        if self._closed.has_moved():
            raise IngestError(
                f"{self._batch.source.title}: partitions were retired while it was being loaded. "
                "Nothing was kept; load it again."
            )
        if self._kind.name is IngestKind.BARS and self._batch.tally.loaded:
            touch_status(self._conn, self._feeds)
        self._direct.finish(self._batch.batch_id)
        if self._kind.name is IngestKind.TRADES and self._batch.tally.loaded:
            self._direct.attach()
            apply_fills(self._conn)
        why = "Each of its rows was rejected." if self._batch.tally.came_to_nothing else None
        self._batch.file(self._conn, BatchState.REFUSED if why else BatchState.LOADED, why)
        self._spool.file(self._conn, self._batch.batch_id, self._batch.source.name)
        self._direct.attach()


def _check_keys_by_set(conn: Connection[Any]) -> None:
    """Every key was looked up and is locked: the row-by-row checks would find the same, slower."""
    row = conn.execute(query("ingest/may_defer_checks")).fetchone()
    if row and row[0]:
        conn.execute("set local session_replication_role = replica")
