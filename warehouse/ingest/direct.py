"""Writes rows into their table by COPY; large chunks into the partitions themselves.

Through the parent every row is routed alone and kept once more for the triggers: 3.6 µs a bar. COPY
into a partition takes rows a thousand at a time: 2.5 µs. The event is then ours to leave.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import Connection, sql
from sqlalchemy import Table

from warehouse.access import OWNER
from warehouse.ingest.casting.cells import Cells, present
from warehouse.ingest.encode import constant, taken, tuples
from warehouse.ingest.errors import IngestError
from warehouse.ingest.events import Event
from warehouse.models.base import partitioning
from warehouse.partitions.catalog import partitions
from warehouse.partitions.owner import as_owner
from warehouse.partitions.plan import Partition
from warehouse.partitions.policy import declared_policy
from warehouse.settings import AuditSettings
from warehouse.sql import query

See = Callable[[dict[str, Cells]], None]

MANY = 10_000  # rows below which the parent's way is as fast


class Part:
    """The rows of a chunk that lie in one partition."""

    def __init__(self, partition: Partition, times: pa.Array) -> None:
        edges = (pa.scalar(e, times.type) for e in (partition.bounds.start, partition.bounds.end))
        start, end = edges
        inside = pc.and_(pc.greater_equal(times, start), pc.less(times, end))
        self.partition = partition
        self.rows = np.flatnonzero(inside.to_numpy(zero_copy_only=False))


class Direct:
    """The shortest way into a table that the login's rights allow."""

    def __init__(self, conn: Connection[Any], table: Table, see: See | None = None) -> None:
        self._conn, self._table, self._see = conn, table, see
        self._partitions: list[Partition] = []
        self._beside: list[Partition] = []  # not attached yet
        self._event: Event | None = None
        self._pending: dict[str, Cells] | None = None
        if partitioning(table) and AuditSettings().bulk_events == "loader":
            asked = {"owner": OWNER}
            row = conn.execute(query("ingest/may_write_partitions"), asked).fetchone()
            if row and row[0]:
                self._event = Event(conn, table)

    def write(self, columns: dict[str, Cells]) -> None:
        """COPY the rows in; `keep` says afterwards that they are to stay."""
        self._pending = None
        if self._event is None or not self._fits(columns):
            copy(self._conn, self._table, columns)
            return
        parts = self._parts(columns)
        rows = _count(columns)
        with as_owner(self._conn):
            # As a default the event would be read from its setting row by row.
            named = columns | {"event_id": constant(self._event.key(), pa.int64(), rows)}
            for part in parts:
                some = named if len(part.rows) == rows else taken(named, part.rows)
                into = sql.Identifier(str(self._table.schema), part.partition.name)
                copy(self._conn, self._table, some, into)
        self._pending = columns

    @property
    def _least(self) -> int:
        return MANY

    def _fits(self, columns: dict[str, Cells]) -> bool:
        """Corrections and busts are noted by a trigger of the parent, and few rows are as fast there."""
        replaced = columns.get("replaces_trade_id")
        if replaced is not None and present(replaced.values).any():
            return False
        return _count(columns) >= self._least

    def keep(self) -> None:
        """What was written last stays."""
        if self._event and self._pending:
            self._event.keep(self._pending)
            if self._see:
                self._see(self._pending)
        self._pending = None

    def finish(self, batch_id: int) -> None:
        """Leave the event of what went into partitions."""
        if self._event:
            self._event.write(batch_id)

    def attach(self) -> None:
        """Here the rows are in the table already."""

    def _parts(self, columns: dict[str, Cells]) -> list[Part]:
        """Which rows go into which partition."""
        policy = declared_policy(self._table)
        times = columns[policy.control].values
        found = self._found(times)
        if sum(len(part.rows) for part in found) < len(times):
            self._partitions = partitions(self._conn, policy)
            found = self._found(times)
        homeless = np.ones(len(times), bool)
        for part in found:
            homeless[part.rows] = False
        if homeless.any():
            found += self._homeless(times, np.flatnonzero(homeless))
        return found

    def _found(self, times: pa.Array) -> list[Part]:
        bounds = pc.min_max(times).as_py()
        known = [*self._partitions, *self._beside]
        near = [
            p for p in known if p.bounds.start <= bounds["max"] and p.bounds.end > bounds["min"]
        ]
        return [part for part in (Part(each, times) for each in near) if len(part.rows)]

    def _homeless(self, times: pa.Array, rows: Any) -> list[Part]:
        """Rows that have no partition: they were made before, so somebody has just retired one."""
        raise IngestError(
            f"{self._table.fullname} has no partition for {times[int(rows[0])].as_py():%Y-%m-%d}, which "
            "it had a moment ago. Nothing was kept; load the file again."
        )


def copy(
    conn: Connection[Any],
    table: Table,
    columns: dict[str, Cells],
    into: sql.Identifier | None = None,
) -> None:
    """COPY the columns into a table, or into a partition of it."""
    target = into or sql.Identifier(str(table.schema), table.name)
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("copy {} ({}) from stdin (format binary)").format(target, names)
    with conn.cursor() as cursor, cursor.copy(statement) as stream:
        for block in tuples(table, columns):
            stream.write(block)


def _count(columns: dict[str, Cells]) -> int:
    return len(next(iter(columns.values())).values)
