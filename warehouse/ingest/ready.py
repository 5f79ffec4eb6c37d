"""Rows as their table holds them: keys for names, what the loader knows itself, and no bad ones."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from psycopg import Connection
from sqlalchemy import Index, PrimaryKeyConstraint

from warehouse.ingest.binding import Cast
from warehouse.ingest.casting.cells import Cells, Faults, present
from warehouse.ingest.dimensions import Dimensions, Found
from warehouse.ingest.encode import taken
from warehouse.ingest.kind import EXTERNAL_ID, REPLACES, Kind
from warehouse.ingest.merge import Ready
from warehouse.ingest.references import Reference
from warehouse.ingest.room import Closed, Room
from warehouse.ingest.rows import Lines
from warehouse.sql import query


class Rows:
    """Makes chunks ready to be written."""

    def __init__(
        self,
        kind: Kind,
        names: Dimensions,
        closed: Closed,
        room: Room | None,
        known: Mapping[str, int],
        side: Connection[Any],
    ) -> None:
        self._kind, self._names, self._closed = kind, names, closed
        self._room, self._known, self._side = room, known, side
        # What lies beside its table is indexed when it is whole.
        self._order = _index_order(kind) if room else ()

    def of(self, cast: Cast) -> Ready:
        """Keys for names, and only the rows that nothing is wrong with."""
        rows = len(cast.chunk)
        columns = {
            name: cells
            for name, cells in cast.cells.items()
            if name in self._kind.table.c and self._kind.fields[name].column is not None
        }
        if rows:
            self._name(cast, columns)
            self._refuse_closed(cast, columns)
        good = np.flatnonzero(cast.good())
        columns = {name: cells for name, cells in columns.items() if name in self._kind.table.c}
        order = self._in_order(columns, good)
        columns = taken(columns, order) | self._ours(len(order)) | self._drawn(len(order))
        if len(good) and self._kind.control and self._room:
            self._room.make(columns[self._kind.control].values)
        lines = cast.chunk.lines[good]
        return Ready(
            cast.chunk.lines[order],
            columns,
            lambda line: cast.chunk.raw(int(good[np.searchsorted(lines, line)])),
            _extra(cast, EXTERNAL_ID, order) if self._kind.external else None,
            _extra(cast, REPLACES, order),
        )

    def _in_order(self, columns: Mapping[str, Cells], rows: Lines) -> Lines:
        """The rows in the order of an index, those that are alike in it as they came.

        Neighbours in the index then come one after the other: the server spends half as long on a
        block of bars that a file holds in the order of time.
        """
        key = [name for name in self._order if name in columns]
        if not key:
            return rows
        at = pa.array(rows)
        values = pa.table({name: columns[name].values.take(at) for name in key})
        order = pc.sort_indices(values, [(name, "ascending") for name in key])
        found: Lines = rows[order.to_numpy()]
        return found

    def known(self, cast: Cast, name: str) -> NDArray[np.bool_]:
        """Which rows name, in this column, what is there already."""
        trial = Cast(cast.chunk, cast.cells, {})
        self._name(trial, dict(cast.cells))
        found = present(cast.cells[name].values)
        found[[row for row, reasons in trial.faults.items() if name in reasons]] = False
        return found

    def forget(self) -> None:
        """What the names stand for is to be looked up anew."""
        self._names.forget()

    def _name(self, cast: Cast, columns: dict[str, Cells]) -> None:
        """Add the keys that names stand for; symbols come last, for it takes the rows' times to tell."""
        found = sorted(self._kind.references.items(), key=lambda each: each[1].is_instrument)
        for column, reference in found:
            if reference.name not in cast.cells:
                continue
            if reference.is_instrument:
                moments = self._moments(cast, columns)
                names = cast.cells[reference.name].values
                cells = self._names.instruments(reference, names, moments)
                columns[column], faults = cells, cells.faults
            else:
                given, faults = self._keys(column, reference, cast, columns)
                columns |= given
            for row, reason in faults.items():
                if reference.within == () or row not in cast.faults:
                    cast.blame(row, reference.name, reason)

    def _keys(
        self, column: str, reference: Reference, cast: Cast, columns: Mapping[str, Cells]
    ) -> Found:
        nothing = Cells(pa.nulls(len(cast.chunk), pa.int64()))
        within = (columns.get(c) or cast.cells.get(c) or nothing for c in reference.within)
        names = cast.cells[reference.name].values
        return self._names.find(
            column, reference, self._kind.table, names, *(each.values for each in within)
        )

    def _moments(self, cast: Cast, columns: Mapping[str, Cells]) -> NDArray[np.datetime64]:
        """When each row happened: symbols mean different instruments at different times."""
        dated = (f.name for f in self._kind.fields.values() if f.shape == "date" and f.required)
        name = self._kind.control or next(dated, None)
        if name is None or name not in columns:
            return np.full(len(cast.chunk), np.datetime64("now", "us"))
        values = columns[name].values.to_numpy(zero_copy_only=False)
        moments: NDArray[np.datetime64] = values.astype("datetime64[us]")
        return moments

    def _refuse_closed(self, cast: Cast, columns: Mapping[str, Cells]) -> None:
        control = self._kind.control
        if control and control in columns:
            faults: Faults = self._closed.faults(columns[control].values)
            for row, reason in faults.items():
                cast.blame(row, control, reason)

    def _drawn(self, rows: int) -> dict[str, Cells]:
        """The keys that the server would draw: partitions do not, and external ids name them."""
        identity = self._kind.identity
        if identity is None or not self._kind.control or not rows:
            return {}
        asked = {
            "table_name": self._kind.table.fullname,
            "column_name": identity.name,
            "rows": rows,
        }
        with self._side.cursor(binary=True) as cursor:
            row = cursor.execute(query("ingest/draw_keys"), asked).fetchone()
        assert row
        return {identity.name: Cells(pa.array(np.frombuffer(row[0], ">i8").astype(np.int64)))}

    def _ours(self, rows: int) -> dict[str, Cells]:
        """What the loader knows by itself."""
        return {
            name: Cells(pa.repeat(pa.scalar(value, pa.int64()), rows))
            for name, value in self._known.items()
            if name in self._kind.table.c
        }


def _index_order(kind: Kind) -> tuple[str, ...]:
    """The columns of the index over time that puts most before it: its entries lie furthest apart."""
    table, control = kind.table, kind.control
    indexes: list[PrimaryKeyConstraint | Index] = [table.primary_key, *table.indexes]
    orders = [tuple(column.name for column in index.columns) for index in indexes]
    over_time = [order for order in orders if control in order]
    return max(over_time, key=lambda order: order.index(str(control)), default=())


def _extra(cast: Cast, name: str, rows: NDArray[np.int64]) -> pa.Array | None:
    return cast.cells[name].values.take(pa.array(rows)) if name in cast.cells else None
