"""Rows as their table holds them: keys for names, what the loader knows itself, and no bad ones."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from warehouse.ingest.binding import Cast
from warehouse.ingest.casting.cells import Cells, Faults
from warehouse.ingest.dimensions import SIMPLE, Dimensions
from warehouse.ingest.encode import taken
from warehouse.ingest.kinds import EXTERNAL_ID, REPLACES, SYMBOLS, Kind
from warehouse.ingest.merge import Ready
from warehouse.ingest.room import Closed, Room


class Rows:
    """Makes chunks ready to be written."""

    def __init__(
        self,
        kind: Kind,
        names: Dimensions,
        closed: Closed,
        room: Room | None,
        known: Mapping[str, int],
    ) -> None:
        self._kind, self._names, self._closed = kind, names, closed
        self._room, self._known = room, known

    def of(self, cast: Cast) -> Ready:
        """Keys for names, and only the rows that nothing is wrong with."""
        rows = len(cast.chunk)
        columns = self._named(cast) if rows else {}
        for name, cells in cast.cells.items():
            if name in self._kind.table.c and name not in columns:
                field_ = self._kind.fields[name]
                if field_.column is not None:
                    columns[name] = cells
        if rows:
            self._refuse_closed(cast)
        good = np.flatnonzero(cast.good())
        columns |= self._ours(rows)
        columns = taken(columns, good)
        if len(good) and self._kind.control and self._room:
            self._room.make(columns[self._kind.control].values)
        lines = cast.chunk.lines[good]
        return Ready(
            lines,
            columns,
            lambda line: cast.chunk.raw(int(good[np.searchsorted(lines, line)])),
            _extra(cast, EXTERNAL_ID, good) if self._kind.external else None,
            _extra(cast, REPLACES, good),
        )

    def _named(self, cast: Cast) -> dict[str, Cells]:
        found: dict[str, Cells] = {}
        moments = self._moments(cast)
        for name, column in self._kind.lookups.items():
            if name not in cast.cells:
                continue
            if name in SIMPLE or name in SYMBOLS:
                found[column] = self._keep(cast, name, self._names.key(cast, name, moments))
            if name == "osi_symbol" and "expiration_date" in self._kind.table.c:
                found["expiration_date"] = self._names.expirations(cast)
        if "order" in self._kind.lookups and "order" in cast.cells and "account_id" in found:
            cells = self._names.orders(cast, found["account_id"].values)
            found["order_id"] = self._keep(cast, "order", cells)
        return found

    def _keep(self, cast: Cast, name: str, cells: Cells) -> Cells:
        for row, reason in cells.faults.items():
            cast.blame(row, name, reason)
        return cells

    def _moments(self, cast: Cast) -> NDArray[np.datetime64]:
        """When each row happened: symbols mean different instruments at different times."""
        dated = (f.name for f in self._kind.fields.values() if f.shape == "date" and f.required)
        name = self._kind.control or next(dated, None)
        if name is None or name not in cast.cells:
            return np.full(len(cast.chunk), np.datetime64("now", "us"))
        values = cast.cells[name].values.to_numpy(zero_copy_only=False)
        moments: NDArray[np.datetime64] = values.astype("datetime64[us]")
        return moments

    def _refuse_closed(self, cast: Cast) -> None:
        control = self._kind.control
        if control and control in cast.cells:
            faults: Faults = self._closed.faults(cast.cells[control].values)
            for row, reason in faults.items():
                cast.blame(row, control, reason)

    def _ours(self, rows: int) -> dict[str, Cells]:
        """What the loader knows by itself."""
        return {
            name: Cells(pa.repeat(pa.scalar(value, pa.int64()), rows))
            for name, value in self._known.items()
            if name in self._kind.table.c
        }


def _extra(cast: Cast, name: str, rows: NDArray[np.int64]) -> pa.Array | None:
    return cast.cells[name].values.take(pa.array(rows)) if name in cast.cells else None
