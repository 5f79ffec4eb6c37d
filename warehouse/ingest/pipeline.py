"""One file from its bytes to a committed load: read, cast, resolve, write, book, file.

All of it is one transaction: a load that is killed anywhere leaves nothing, and run again ends as if it
had run once. Only what is harmless alone, and needed by any further try, is committed before: partitions,
and instruments that --create-instruments adds.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any

import pyarrow as pa
from psycopg import Connection
from psycopg import Error as DriverError
from psycopg.errors import DeadlockDetected

from warehouse.db.errors import translate
from warehouse.errors import WarehouseError
from warehouse.ingest.backfill import Backfill, NotForBackfill
from warehouse.ingest.batch import Batch, Tally, identity
from warehouse.ingest.binding import Binding, Cast
from warehouse.ingest.booking.apply_fills import apply_fills, lock_accounts
from warehouse.ingest.direct import Direct
from warehouse.ingest.errors import BadFile, IngestError, TooManyRejects
from warehouse.ingest.instruments import adder
from warehouse.ingest.kinds import Kind
from warehouse.ingest.mapping import Mapping
from warehouse.ingest.merge import Merge, Ready
from warehouse.ingest.quality.status import Feeds, note_missed, tell_missed, touch_status
from warehouse.ingest.reading import casts, unused
from warehouse.ingest.rejects import Spool
from warehouse.ingest.room import Closed, Room, cut_with
from warehouse.ingest.sources import Source
from warehouse.ingest.way import Ways, Writer
from warehouse.models.ops import BatchState, IngestKind, IngestMode
from warehouse.partitions.archive.ahead import ahead
from warehouse.sql import query

Tell = Callable[[int, float], object]  # rows so far, and which share of the file they are


@dataclass(frozen=True)
class Limit:
    """How many rejects a load may have: a number, or a share of the rows read."""

    most: int | None = None
    share: float | None = None

    def refuses(self, tally: Tally, *, at_end: bool) -> bool:
        if self.most is not None and tally.rejected > self.most:
            return True
        if self.share is None or not at_end:
            return False
        return tally.rejected > self.share * tally.read

    def __str__(self) -> str:
        return str(self.most) if self.share is None else f"{self.share:.4g} of the rows"


@dataclass(frozen=True)
class Order:
    """What is asked: the kind, and how its rows are read and merged."""

    kind: Kind
    source: str
    mapping: Mapping = field(default_factory=Mapping)
    mode: IngestMode = IngestMode.INSERT
    limit: Limit = Limit()
    backfill: bool = False
    creates_instruments: bool = False
    creates_source: bool = False


@dataclass(frozen=True)
class Result:
    """What became of a file; one that repeats was loaded before, and is cut if its last line is open."""

    file: str
    batch_id: int
    tally: Tally
    unused: tuple[str, ...] = ()
    repeats: bool = False
    ends_a_line: bool = True


def load(
    conn: Connection[Any], side: Connection[Any], order: Order, source: Source, tell: Tell
) -> Result:
    """Load one file; both connections are in autocommit, `side` for what is committed by itself."""
    refuse_mode(order)
    batch = Batch(
        source,
        find_source(side, order),
        order.kind.name,
        order.mode,
        identity(source.sha256, order.mapping.canonical(), order.kind),
    )
    while True:
        try:
            return _attempt(conn, side, order, replace(batch, is_backfill=order.backfill), tell)
        except NotForBackfill:
            order = replace(order, backfill=False)
        except Crossed:
            pass
        batch = replace(batch, tally=Tally())


class Crossed(Exception):
    """A booking held an account that the load came to late; it knows now to lock that one first."""


def _attempt(
    conn: Connection[Any], side: Connection[Any], order: Order, batch: Batch, tell: Tell
) -> Result:
    known = len(batch.accounts)
    with closing(Spool(is_secret=order.kind.is_secret)) as spool:
        try:
            with conn.transaction():
                result = _load(conn, side, order, batch, spool, tell)
        except TooManyRejects as refusal:
            _file_anyway(conn, batch, spool, BatchState.REFUSED, refusal)
            tell_missed(conn, batch.source_id, batch.missed)
            raise
        except (WarehouseError, DriverError, OSError, pa.ArrowException) as error:
            if isinstance(error, DeadlockDetected) and len(batch.accounts) > known:
                raise Crossed from error
            ours = _told(batch.source, error)
            if not conn.closed and batch.batch_id:
                _file_anyway(conn, batch, spool, BatchState.FAILED, ours)
            raise ours from error
    tell_missed(conn, batch.source_id, batch.missed)
    return result


def _load(
    conn: Connection[Any],
    side: Connection[Any],
    order: Order,
    batch: Batch,
    spool: Spool,
    tell: Tell,
) -> Result:
    if before := batch.loaded_before(conn):
        tally = Tally(
            *(before[f"{name}_count"] for name in ("read", "loaded", "duplicate", "rejected"))
        )
        return Result(batch.source.title, before["batch_id"], tally, repeats=True)
    run = Run(conn, side, order, batch, spool)
    spare = run.read(tell)
    run.finish()
    title, is_whole = batch.source.title, batch.source.ends_a_line
    return Result(title, batch.batch_id, batch.tally, tuple(spare), ends_a_line=is_whole)


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
        self._batch.file(self._conn, BatchState.LOADED)
        self._spool.file(self._conn, self._batch.batch_id, self._batch.source.name)
        self._direct.attach()


def _check_keys_by_set(conn: Connection[Any]) -> None:
    """Every key was looked up and is locked: the row-by-row checks would find the same, slower."""
    row = conn.execute(query("ingest/may_defer_checks")).fetchone()
    if row and row[0]:
        conn.execute("set local session_replication_role = replica")


def refuse_mode(order: Order) -> None:
    if order.mode is IngestMode.UPSERT and not order.kind.is_restatable:
        raise IngestError(
            f"{order.kind.title} are never rewritten, so --mode upsert is not for them. Nothing was "
            "loaded; a correction or a bust is a row of its kind that names what it replaces."
        )


def find_source(side: Connection[Any], order: Order) -> int:
    """The key of the source that the rows are from."""
    if order.creates_source:
        side.execute(query("ingest/add_source"), {"name": order.source})
    row = side.execute(query("ingest/find_source"), {"name": order.source}).fetchone()
    if row:
        return int(row[0])
    known = [name for (name,) in side.execute(query("ingest/list_sources"))]
    raise IngestError(
        f"There is no source {order.source}; there are {', '.join(known) or 'none'}. Nothing was "
        "loaded; name one with --source, or add it with --create-source."
    )


def _file_anyway(
    conn: Connection[Any], batch: Batch, spool: Spool, state: BatchState, error: Exception
) -> None:
    """A load that kept nothing is still written down, a refused one with its rejects.

    Of a failed one the rejects may be cut short, and whatever failed may fail again.
    """
    try:
        with conn.transaction():
            batch.file(conn, state, str(error))
            if state is BatchState.REFUSED:
                spool.file(conn, batch.batch_id, batch.source.name)
    except DriverError:
        if state is BatchState.REFUSED:
            raise


def _told(source: Source, error: Exception) -> WarehouseError:
    if isinstance(error, IngestError):
        told = str(error)
        return error if source.title in told else type(error)(f"{source.title}: {told}")
    ours = translate(error)
    if isinstance(ours, WarehouseError):
        return ours
    why = str(error).rstrip(".")
    return BadFile(f"{source.title} cannot be read to its end: {why}. Nothing of it was kept.")
