"""Writes the rows of one step: partitions first, then COPY; the tables' triggers leave the audit events."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
from psycopg import Connection, sql
from sqlalchemy import Table

from warehouse.demo.binary import HEADER, TRAILER, blocks, count
from warehouse.demo.chunks import Chunk
from warehouse.demo.foreign_keys import ForeignKeys, may_defer
from warehouse.models.base import partitioning
from warehouse.partitions import ensure
from warehouse.sql import query


class StepWriter:
    """One step's writing, inside the caller's transaction."""

    def __init__(
        self, conn: Connection[Any], batch_id: int, written_at: np.datetime64, defers: bool
    ) -> None:
        self._conn = conn
        self._batch_id = batch_id
        self._written_at = written_at
        self._highest: dict[tuple[str, str], int] = {}
        self._made: dict[str, tuple[datetime, datetime]] = {}
        # Whoever made an API key before has a principal already; the generator numbers its own from 1.
        row = conn.execute(query("demo/read_last_principal")).fetchone()
        self._principals: int = row[0] if row else 0
        self._keys = ForeignKeys(conn) if defers and may_defer(conn) else None
        if self._keys:
            self._keys.defer()

    def write(self, chunk: Chunk) -> int:
        """Write a piece; answers how many rows it has."""
        total = count(chunk.rows) if chunk.rows else 0
        if not total:
            return 0
        rows = self._completed(chunk)
        self._note_keys(chunk.table, rows)
        if self._keys:
            self._keys.note(Chunk(chunk.table, rows))
        self._make_partitions(chunk)
        if chunk.replaces:
            self._replace(chunk.table, rows)
        else:
            self._copy(_identifier(chunk.table), chunk.table, rows)
        return total

    def finish(self) -> list[int]:
        """Check what was left unchecked, move the keys on; answers the keys of the step's events."""
        if self._keys:
            self._keys.check()
        for (relation, column), highest in self._highest.items():
            values = {"relation_name": relation, "column_name": column, "highest": highest}
            self._conn.execute(query("demo/advance_sequence"), values)
        events = self._conn.execute(query("demo/list_events"), {"batch_id": self._batch_id})
        return [event_id for (event_id,) in events]

    def _note_keys(self, table: Table, rows: dict[str, Any]) -> None:
        """The generator numbers the rows itself; who comes after goes on from there."""
        for column in table.c:
            if column.identity is not None:
                key = table.fullname, column.name
                highest = int(np.max(rows[column.name]))
                self._highest[key] = max(highest, self._highest.get(key, 0))

    def _completed(self, chunk: Chunk) -> dict[str, Any]:
        """The columns that all rows have, where the generator gave them no value of their own."""
        defaults = {
            "created_at": self._written_at,
            "updated_at": self._written_at,
            "batch_id": self._batch_id,
        }
        have = {name: value for name, value in defaults.items() if name in chunk.table.c}
        rows: dict[str, Any] = have | chunk.rows
        if "principal_id" in rows:  # only the first step writes any
            rows["principal_id"] = rows["principal_id"] + self._principals
        return rows

    def _make_partitions(self, chunk: Chunk) -> None:
        span = _span(chunk)
        if span is None:
            return
        low, high = self._made.get(chunk.table.fullname, (span[1], span[0]))
        if span[0] < low or span[1] > high:
            low, high = min(low, span[0]), max(high, span[1])
            ensure(self._conn, chunk.table, low, high)
            self._made[chunk.table.fullname] = low, high

    def _copy(self, into: sql.Composable, table: Table, rows: dict[str, Any]) -> None:
        names = sql.SQL(", ").join(map(sql.Identifier, rows))
        statement = sql.SQL("copy {} ({}) from stdin (format binary)").format(into, names)
        with self._conn.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(HEADER)
            for block in blocks(table, rows):
                copy.write(block)
            copy.write(TRAILER)

    def _replace(self, table: Table, rows: dict[str, Any]) -> None:
        """Only positions change from step to step."""
        assert table.fullname == "trading.positions"
        stage = sql.Identifier("demo_positions")
        self._conn.execute(
            sql.SQL("create temp table {} (like {}) on commit drop").format(
                stage, _identifier(table)
            )
        )
        names = {**rows, "opening_quantity": 0, "opening_realized_pnl": 0, "event_id": 0}
        self._copy(stage, table, names)
        self._conn.execute(query("demo/update_positions"))


def _identifier(table: Table) -> sql.Identifier:
    assert table.schema
    return sql.Identifier(table.schema, table.name)


def _span(chunk: Chunk) -> tuple[datetime, datetime] | None:
    """The half-open window that the rows of a partitioned table lie in."""
    declared = partitioning(chunk.table)
    if declared is None:
        return None
    times = np.asarray(chunk.rows[declared.control], "datetime64[us]")
    return _utc(times.min()), _utc(times.max() + np.timedelta64(1, "us"))


def _utc(moment: np.datetime64) -> datetime:
    found: datetime = moment.astype(datetime)
    return found.replace(tzinfo=UTC)
