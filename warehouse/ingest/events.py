"""The audit event of rows that go into partitions directly, where no trigger of the parent sees them.

One event for all of a load's chunks: what it says is gathered chunk by chunk, and written at the end.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow.compute as pc
from psycopg import Connection
from sqlalchemy import Table

from warehouse.ingest.casting.cells import Cells
from warehouse.models.audited import ANY, audited
from warehouse.sql import query

LISTED = 100  # keys that an event names before it says that any may be meant
NO_KEYS: frozenset[int] = frozenset()
MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Reach:
    """How many rows, over which time, of which accounts and instruments; null is any."""

    rows: int = 0
    low: datetime | None = None
    high: datetime | None = None
    accounts: frozenset[int] | None = NO_KEYS
    instruments: frozenset[int] | None = NO_KEYS

    def with_(self, other: "Reach") -> "Reach":
        moments = [m for m in (self.low, self.high, other.low, other.high) if m]
        return Reach(
            self.rows + other.rows,
            min(moments, default=None),
            max(moments, default=None),
            _union(self.accounts, other.accounts),
            _union(self.instruments, other.instruments),
        )


class Event:
    """An insert into one table, told once."""

    def __init__(self, conn: Connection[Any], table: Table) -> None:
        self._conn = conn
        self._named = {"schema": table.schema, "table": table.name}
        self._audited = next(each for each in audited() if each.table == table.fullname)
        self._event_id: int | None = None
        self._reach = Reach()

    def key(self) -> int:
        """What the rows name it by; drawn at the first, and not yet written."""
        if self._event_id is None:
            row = self._conn.execute(query("ingest/draw_event")).fetchone()
            assert row
            self._event_id = int(row[0])
        return self._event_id

    def keep(self, columns: dict[str, Cells]) -> None:
        """These rows are in."""
        self._reach = self._reach.with_(self._reach_of(columns))

    def _reach_of(self, columns: dict[str, Cells]) -> Reach:
        first = next(iter(columns.values()))
        bounds = pc.min_max(columns[str(self._audited.time)].values).as_py()
        return Reach(
            len(first.values),
            bounds["min"].astimezone(UTC),
            bounds["max"].astimezone(UTC),
            _keys(columns, self._audited.account),
            _keys(columns, self._audited.instrument),
        )

    def write(self, batch_id: int) -> None:
        """Leave the event, if there is anything to say."""
        reach = self._reach
        if not reach.rows or reach.high is None:
            return
        values = {
            **self._named,
            "row_count": reach.rows,
            "time_from": reach.low,
            "time_to": reach.high + MOMENT,
            "account_ids": _listed(reach.accounts),
            "instrument_ids": _listed(reach.instruments),
            "batch_id": batch_id,
            "event_id": self._event_id,
        }
        self._conn.execute(query("ingest/record_event"), values)
        self._reach = Reach()


def _keys(columns: dict[str, Cells], name: str | None) -> frozenset[int] | None:
    if name is None:
        return NO_KEYS
    if name == ANY or name not in columns:
        return None
    found = pc.unique(columns[name].values)
    if len(found) > LISTED:
        return None
    keys = found.to_pylist()
    return None if None in keys else frozenset(keys)


def _union(one: frozenset[int] | None, other: frozenset[int] | None) -> frozenset[int] | None:
    if one is None or other is None:
        return None
    both = one | other
    return both if len(both) <= LISTED else None


def _listed(keys: frozenset[int] | None) -> list[int] | None:
    return None if keys is None else sorted(keys)
