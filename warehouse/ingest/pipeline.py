"""One file from its name to a committed load, tried as often as it takes; `run` is what a try does.

A try is one transaction: a load that is killed anywhere leaves nothing, and run again ends as if it
had run once. Only what is harmless alone, and needed by any further try, is committed before: partitions,
and instruments that --create-instruments adds.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from copy import copy
from dataclasses import dataclass, replace
from errno import EDQUOT, EFBIG, ENOSPC
from tempfile import gettempdir
from typing import Any

import pyarrow as pa
from psycopg import Connection, connect
from psycopg import Error as DriverError
from psycopg.errors import DeadlockDetected

from warehouse.db.errors import translate, translated
from warehouse.db.retry import retrying
from warehouse.db.target import Target
from warehouse.errors import WarehouseError
from warehouse.ingest.backfill import NotForBackfill
from warehouse.ingest.batch import Batch, Tally, identity
from warehouse.ingest.errors import BadFile, IngestError, TooManyRejects
from warehouse.ingest.formats import Format
from warehouse.ingest.order import Order
from warehouse.ingest.quality.status import tell_failed, tell_missed
from warehouse.ingest.rejects import Spool
from warehouse.ingest.run import Run, Tell
from warehouse.ingest.sources import Source, called, seen
from warehouse.models.ops import BatchState, IngestKind
from warehouse.sql import query

# The last: the statement of a load that was killed ends within a second.
OPTIONS = "-c timezone=UTC -c datestyle=ISO -c client_connection_check_interval=1s"
NO_ROOM = (ENOSPC, EDQUOT, EFBIG)

Show = Callable[[str], AbstractContextManager[Tell]]  # how far the load of that title is


@contextmanager
def unseen(_title: str) -> Iterator[Tell]:
    """Shows nothing."""
    yield lambda *_: None


@dataclass(frozen=True)
class Result:
    """What became of a file; one that repeats was loaded before, and is cut if its last line is open."""

    file: str
    batch_id: int
    tally: Tally
    unused: tuple[str, ...] = ()
    repeats: bool = False
    ends_a_line: bool = True


def load_file(
    target: Target,
    order: Order,
    name: str,
    format_: Format | None = None,
    show: Show = unseen,
) -> Result:
    """Load the file of that name, and again where the server says that it would go well another time.

    Whoever watches the feeds sees what came to nothing, and that a file was not there.
    """
    keywords = target.keywords(options=OPTIONS)
    try:
        with seen(name, format_) as source, show(source.title) as tell:
            for attempt in retrying():
                with (
                    attempt,
                    translated(),
                    connect(**keywords, autocommit=True) as conn,
                    connect(**keywords, autocommit=True) as side,
                ):
                    return load(conn, side, order, source, tell)
    except (WarehouseError, OSError) as error:
        ours = _told(called(name), error)
        if order.kind.name is IngestKind.BARS:
            # Where the server is what failed, it cannot be told either.
            with suppress(DriverError), connect(**keywords) as conn:
                tell_failed(conn, order.source, order.mapping, str(ours))
        if ours is error:
            raise
        raise ours from error
    raise AssertionError


def load(
    conn: Connection[Any], side: Connection[Any], order: Order, source: Source, tell: Tell
) -> Result:
    """One try at a file; both connections are in autocommit, `side` for what is committed by itself."""
    order.refuse_mode()
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
            ours = _told(batch.source.title, error)
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


def _told(title: str, error: Exception) -> WarehouseError:
    """As an error of ours that names the file."""
    ours = translate(error)
    if isinstance(ours, WarehouseError):
        if title not in str(ours):
            ours = copy(ours)
            ours.args = (f"{title}: {ours}",)
        return ours
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return IngestError(
            f"{title}: there is no room for what the loader puts aside in {gettempdir()} "
            f"({error.strerror}). Nothing of it was kept; free some, or name another place in TMPDIR."
        )
    why = str(error).rstrip(".")
    return BadFile(f"{title} cannot be read to its end: {why}. Nothing of it was kept.")
