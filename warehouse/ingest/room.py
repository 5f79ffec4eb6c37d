"""Makes the partitions that rows need before they are written, and knows which times are closed to writing.

On a connection of its own, in autocommit: a partition is made in a short transaction of its own, while
the load's may last for minutes.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from psycopg import Connection
from sqlalchemy import Table

from warehouse.ingest.casting.cells import Faults, marked
from warehouse.models.base import Base, partitioning
from warehouse.partitions import ensure
from warehouse.partitions.apply import ensure_log
from warehouse.partitions.lock import Patience, limit_waits
from warehouse.partitions.naming import Bounds, floor, following
from warehouse.partitions.policy import declared_policy, policies
from warehouse.sql import query

PATIENCE = Patience()
Moments = NDArray[np.datetime64]


class Room:
    """The partitions of one table and of those that are cut with it."""

    def __init__(self, side: Connection[Any], tables: Sequence[Table]) -> None:
        self._side, self._tables = side, tables
        self._made: set[Bounds] = set()
        head = tables[0]
        if partitioning(head):
            known = {policy.parent: policy for policy in policies(side)}
            self._interval = known.get(head.fullname, declared_policy(head)).interval
        for attempt in PATIENCE.retrying(side):
            with attempt, side.transaction():
                limit_waits(side, PATIENCE)
                ensure_log(side)

    def make(self, moments: pa.Array) -> list[Bounds]:
        """Every partition that these times fall into; answers which."""
        days = np.unique(moments.to_numpy(zero_copy_only=False).astype("datetime64[D]"))
        windows = sorted({self._window(day.astype(datetime)) for day in days})
        for bounds in windows:
            if bounds not in self._made:
                self._ensure(bounds)
                self._made.add(bounds)
        return windows

    def _window(self, day: Any) -> Bounds:
        start = floor(datetime(day.year, day.month, day.day, tzinfo=UTC), self._interval)
        return Bounds(start, following(start, self._interval))

    def _ensure(self, bounds: Bounds) -> None:
        for table in self._tables:
            for attempt in PATIENCE.retrying(self._side):
                with attempt, self._side.transaction():
                    limit_waits(self._side, PATIENCE)
                    ensure(self._side, table, bounds.start, bounds.end)


class Closed:
    """The stretches of a table whose rows were retired: what is older, rollups could not follow."""

    def __init__(self, conn: Connection[Any], table: Table) -> None:
        self._conn, self._table = conn, table.fullname
        self._retired = self._read_retired()
        self.floor = self._read_floor()

    def faults(self, moments: pa.Array) -> Faults:
        """The rows that come too late."""
        times = moments.to_numpy(zero_copy_only=False)
        found: Faults = {}
        for archive_id, start, end in self._retired:
            inside = (times >= _naive(start)) & (times < _naive(end))
            why = f"its partition is in the archive; `warehouse partitions restore {archive_id}` brings it back"
            found |= dict.fromkeys(marked(inside), why)
        if self.floor:
            why = (
                f"is older than {self.floor:%Y-%m-%d %H:%M} UTC, where the rollups begin; bring the "
                f"partition back with `warehouse partitions restore` first"
            )
            found = {**dict.fromkeys(marked(times < _naive(self.floor)), why), **found}
        return found

    def has_moved(self) -> bool:
        """Whether something was retired since the load began."""
        return self._read_floor() != self.floor or self._read_retired() != self._retired

    def _read_floor(self) -> datetime | None:
        row = self._conn.execute(query("ingest/read_floors"), {"table": self._table}).fetchone()
        return row[0] if row else None

    def _read_retired(self) -> list[tuple[int, datetime, datetime]]:
        return self._conn.execute(query("ingest/list_retired"), {"table": self._table}).fetchall()


def _naive(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None), "us")


def cut_with(table: Table) -> list[Table]:
    """A table and those whose rows lie in partitions of the same time."""
    items = {"trading.transactions": ["trading.transaction_items"]}
    return [table, *(Base.metadata.tables[name] for name in items.get(table.fullname, ()))]
