"""Writes chunks into a table by mode: straight away where all goes well, else by way of a stage.

A chunk that the server refuses costs no more than itself: its savepoint is rolled back, and the stage
finds the rows that were at fault.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import Connection, DataError, IntegrityError

from warehouse.ingest.backfill import Backfill, NotForBackfill
from warehouse.ingest.booking.apply_fills import lock_accounts
from warehouse.ingest.casting.cells import Cells, present
from warehouse.ingest.casting.instants import INSTANT
from warehouse.ingest.direct import Direct, copy
from warehouse.ingest.encode import taken
from warehouse.ingest.kind import Kind
from warehouse.ingest.rows import WHOLE_ROW, Lines, Reasons, Reject
from warehouse.ingest.stage import EXTERNAL, LINE, REPLACED, Stage
from warehouse.models.base import Base
from warehouse.models.ops import IngestKind, IngestMode

ATTEMPTS = 3  # of a chunk, while others write the same keys
EXTERNAL_IDS = Base.metadata.tables["trading.external_ids"]
REPLACED_KEY = {"replaces_trade_id": pa.int64(), "replaces_executed_at": INSTANT}
REFUSED = (IntegrityError, DataError)


@dataclass(frozen=True)
class Ready:
    """Rows whose values are keys and values of the table's columns."""

    lines: Lines
    columns: dict[str, Cells]
    raw: Callable[[int], str]  # by line
    external: pa.Array | None = None
    replaced: pa.Array | None = None


@dataclass
class Counts:
    """What became of rows."""

    loaded: int = 0
    duplicate: int = 0
    rejects: list[Reject] = field(default_factory=list)


class Merge:
    """One load's way into its table."""

    def __init__(
        self,
        conn: Connection[Any],
        kind: Kind,
        mode: IngestMode,
        source_id: int,
        direct: Direct,
        books: set[int] | None = None,
    ) -> None:
        self._conn, self._kind, self._mode = conn, kind, mode
        self._source_id, self._direct = source_id, direct
        self._books = books  # accounts that were locked, where rows are booked

    def write(self, ready: Ready) -> Counts:
        """Write the rows that can be; answers what became of each."""
        if not len(ready.lines):
            return Counts()
        self._lock_books(ready)
        replaces = ready.replaced is not None and bool(present(ready.replaced).any())
        if self._mode is not IngestMode.UPSERT and not replaces:
            try:
                with self._conn.transaction():
                    counts = self._at_once(ready)
            except REFUSED:
                pass
            else:
                self._direct.keep()
                return counts
        if isinstance(self._direct, Backfill):
            raise NotForBackfill
        return self._sorted_out(ready)

    def _lock_books(self, ready: Ready) -> None:
        """Before the rows, as bookings do, so that neither holds what the other waits for."""
        if self._books is None:
            return
        new = set(pc.unique(ready.columns["account_id"].values).to_pylist()) - self._books
        if new:
            self._books |= new
            lock_accounts(self._conn, new)

    def _draws(self, columns: dict[str, Cells]) -> bool:
        """Whether the rows' keys were drawn before they are written."""
        return self._kind.identity is not None and self._kind.identity.name in columns

    # -- all at once -------------------------------------------------------------------------------

    def _at_once(self, ready: Ready) -> Counts:
        self._direct.write(ready.columns)
        if ready.external is not None and self._draws(ready.columns):
            self._name(ready, str(self._kind.identity.name))  # type: ignore[union-attr]
        return Counts(loaded=len(ready.lines))

    def _name(self, ready: Ready, identity: str) -> None:
        named = np.flatnonzero(present(ready.external))
        if not len(named):
            return
        rows = taken(ready.columns, named)
        columns = {
            "account_id": rows["account_id"],
            "source_id": Cells(pa.repeat(pa.scalar(self._source_id, pa.int64()), len(named))),
            "kind": Cells(pa.repeat(pa.scalar(str(self._kind.external)), len(named))),
            "external_id": Cells(pc.take(ready.external, pa.array(named))),
            "occurred_at": rows[str(self._kind.control)],
            "target_id": rows[identity],
        }
        copy(self._conn, EXTERNAL_IDS, columns)

    # -- one by one --------------------------------------------------------------------------------

    def _sorted_out(self, ready: Ready) -> Counts:
        """Another load may commit one of our keys after we looked; then we look again."""
        for attempt in range(ATTEMPTS):
            try:
                with self._conn.transaction():
                    return self._by_stage(ready)
            except IntegrityError:
                if attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError

    def _by_stage(self, ready: Ready) -> Counts:
        columns = dict(ready.columns) | {LINE: Cells(pa.array(ready.lines))}
        if ready.external is not None:
            columns[EXTERNAL] = Cells(ready.external)
        if ready.replaced is not None:
            columns[REPLACED] = Cells(ready.replaced)
            columns |= self._without_replaced(columns)
        stage = Stage(self._conn, self._kind, self._source_id, columns)
        counts = Counts()
        counts.rejects += self._rejects(ready, stage.missing_values())
        counts.rejects += self._rejects(ready, stage.broken_rules())
        if self._kind.name is IngestKind.ORDERS and self._mode is IngestMode.UPSERT:
            counts.rejects += self._rejects(ready, stage.illegal_steps())
        found = [*stage.there_already(self._mode), *stage.repeated(self._mode)]
        counts.rejects += self._rejects(ready, stage.clashes())
        if self._mode is IngestMode.INSERT:
            why = (
                "is there already, or a row before it has the same key; --mode ignore passes it by"
            )
            counts.rejects += self._rejects(ready, ((line, {WHOLE_ROW: why}) for line in found))
        else:
            counts.duplicate = len(found)
        if ready.replaced is not None:
            # What a row replaces may have just been turned away itself.
            while found_now := list(self._rejects(ready, stage.unknown_replaced())):
                counts.rejects += found_now
            counts.rejects += self._rejects(ready, stage.broken_rules(of_replacing=True))
        staged = stage.count()
        if staged:
            counts.loaded = stage.upsert() if self._mode is IngestMode.UPSERT else stage.insert()
            counts.duplicate += staged - counts.loaded
        if EXTERNAL in columns and self._draws(columns):
            stage.insert_external_ids()
        return counts

    def _without_replaced(self, columns: dict[str, Cells]) -> dict[str, Cells]:
        """The key of what is replaced is found in the stage."""
        rows = len(columns[LINE].values)
        return {
            name: Cells(pa.nulls(rows, kind))
            for name, kind in REPLACED_KEY.items()
            if name not in columns
        }

    def _rejects(self, ready: Ready, found: Iterator[tuple[int, Reasons]]) -> Iterator[Reject]:
        for line, reasons in found:
            yield Reject(line, ready.raw(line), reasons)
