"""One file from its bytes to a committed load: read, cast, resolve, write, book, file.

All of it is one transaction: a load that is killed anywhere leaves nothing, and run again ends as if it
had run once. Only what is harmless alone, and needed by any further try, is committed before: partitions,
and instruments that --create-instruments adds.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
from psycopg import Connection, IntegrityError
from psycopg import Error as DriverError
from psycopg.errors import InvalidObjectDefinition

from warehouse.db.errors import translate
from warehouse.errors import WarehouseError
from warehouse.ingest.backfill import Backfill, NotForBackfill
from warehouse.ingest.batch import Batch, Tally, identity
from warehouse.ingest.binding import Binding, Cast
from warehouse.ingest.booking.apply_fills import apply_fills
from warehouse.ingest.dimensions import Dimensions
from warehouse.ingest.direct import Direct
from warehouse.ingest.errors import BadFile, IngestError, TooManyRejects
from warehouse.ingest.instruments import adder
from warehouse.ingest.kinds import Kind
from warehouse.ingest.mapping import Mapping
from warehouse.ingest.merge import Merge
from warehouse.ingest.quality.status import touch_status
from warehouse.ingest.reading import casts, unused
from warehouse.ingest.ready import Rows
from warehouse.ingest.rejects import Spool
from warehouse.ingest.room import Closed, Room, cut_with
from warehouse.ingest.rows import Reject
from warehouse.ingest.sources import Source
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
    """What became of a file; `repeats` is the load that had the same content."""

    file: str
    batch_id: int
    tally: Tally
    unused: tuple[str, ...] = ()
    repeats: bool = False


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
        identity(source.sha256, order.mapping.canonical()),
    )
    if order.backfill:
        try:
            return _attempt(conn, side, order, replace(batch, is_backfill=True), tell)
        except NotForBackfill:
            batch = replace(batch, tally=Tally())
            order = replace(order, backfill=False)
    return _attempt(conn, side, order, batch, tell)


def _attempt(
    conn: Connection[Any], side: Connection[Any], order: Order, batch: Batch, tell: Tell
) -> Result:
    with closing(Spool()) as spool:
        try:
            with conn.transaction():
                return _load(conn, side, order, batch, spool, tell)
        except TooManyRejects as refusal:
            _file_anyway(conn, batch, spool, BatchState.REFUSED, refusal)
            raise
        except (WarehouseError, DriverError, OSError, pa.ArrowException) as error:
            ours = _told(batch.source, error)
            if not conn.closed and batch.batch_id:
                _file_anyway(conn, batch, spool, BatchState.FAILED, ours)
            raise ours from error


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
    return Result(batch.source.title, batch.batch_id, batch.tally, tuple(spare))


class Run:
    """A load under way, inside its transaction."""

    def __init__(
        self, conn: Connection[Any], side: Connection[Any], order: Order, batch: Batch, spool: Spool
    ) -> None:
        self._conn, self._order, self._batch, self._spool = conn, order, batch, spool
        self._kind = order.kind
        self._binding = Binding(order.kind, order.mapping)
        add = adder(side) if order.creates_instruments else None
        names = Dimensions(conn, batch.source_id, self._binding.columns, add)
        conn.execute(query("ingest/find_source"), {"name": order.source})  # and keep it there
        batch.open(conn)
        self._closed = Closed(conn, order.kind.table)
        room = Room(side, cut_with(order.kind.table))
        known = {"source_id": batch.source_id, "batch_id": batch.batch_id}
        self._rows = Rows(order.kind, names, self._closed, None if order.backfill else room, known)
        _check_keys_by_set(conn)
        way = Backfill if order.backfill else Direct
        self._direct = way(conn, order.kind.table)
        self._merge = Merge(conn, order.kind, order.mode, batch.source_id, self._direct)

    # -- the chunks --------------------------------------------------------------------------------

    def read(self, tell: Tell) -> list[str]:
        """Take in all rows; answers the columns of the file that nothing was made of."""
        spare: list[str] | None = None
        source, binding = self._batch.source, self._binding
        # Read and cast on a thread of its own, while the server is busy with the rows before.
        with closing(ahead(casts(source, binding, self._order.mapping), 1)) as found:
            for cast, share in found:
                if spare is None and cast.chunk.columns:
                    spare = unused(source, binding, cast.chunk)
                self._take(cast)
                tell(self._batch.tally.read, share)
        self._batch.source.refuse_if_changed()
        self._refuse_if_many(at_end=True)
        return spare or []

    def _take(self, cast: Cast) -> None:
        """Everything that is done to a chunk."""
        chunk, tally = cast.chunk, self._batch.tally
        counts = self._merge.write(self._rows.of(cast))
        self._spool.add(sorted([*chunk.unread, *cast.rejects(), *counts.rejects], key=_line))
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
        self._finish_writing()
        if self._kind.name is IngestKind.TRADES and self._batch.tally.loaded:
            apply_fills(self._conn)
        if self._kind.name is IngestKind.BARS and self._batch.tally.loaded:
            touch_status(self._conn)
        self._batch.file(self._conn, BatchState.LOADED)
        self._spool.file(self._conn, self._batch.batch_id, self._batch.source.name)

    def _finish_writing(self) -> None:
        """A key that comes twice in a backfill is found when its index is built."""
        try:
            self._direct.finish(self._batch.batch_id)
        except (IntegrityError, InvalidObjectDefinition) as error:
            if self._order.backfill:
                raise NotForBackfill from error
            raise


def _line(reject: Reject) -> int:
    return reject.line


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
    return BadFile(f"{source.title} cannot be read to its end: {error}. Nothing of it was kept.")
