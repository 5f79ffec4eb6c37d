"""Writes the rows of one step: partitions first, then COPY, then one audit event per table and operation."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from psycopg import Connection, sql
from sqlalchemy import Table

from warehouse.demo.binary import HEADER, TRAILER, Fixed, Optional, blocks, count
from warehouse.demo.chunks import Chunk
from warehouse.demo.foreign_keys import ForeignKeys, may_defer
from warehouse.models.base import partitioning
from warehouse.partitions import ensure
from warehouse.sql import query

# audit.record_event lists this many keys and no more.
_KEYS = 100
_NO_KEYS: frozenset[int] = frozenset()


@dataclass
class Touched:
    """What a step did to one table by one operation; keys are None once there are too many to list."""

    table: Table
    operation: str
    event_id: int
    rows: int = 0
    low: datetime | None = None
    high: datetime | None = None
    accounts: frozenset[int | None] | None = _NO_KEYS
    instruments: frozenset[int | None] | None = _NO_KEYS
    highest: dict[str, int] = field(default_factory=dict)


class StepWriter:
    """One step's writing, inside the caller's transaction."""

    def __init__(
        self, conn: Connection[Any], batch_id: int, written_at: np.datetime64, defers: bool
    ) -> None:
        self._conn = conn
        self._batch_id = batch_id
        self._written_at = written_at
        self._touched: dict[tuple[str, str], Touched] = {}
        self._made: dict[str, tuple[datetime, datetime]] = {}
        self._keys = ForeignKeys(conn) if defers and may_defer(conn) else None
        if self._keys:
            self._keys.defer()

    def write(self, chunk: Chunk) -> int:
        """Write a piece; answers how many rows it has."""
        total = count(chunk.rows) if chunk.rows else 0
        if not total:
            return 0
        touched = self._touch(chunk)
        rows = self._completed(chunk, touched.event_id)
        _note(touched, chunk, total)
        if self._keys:
            self._keys.note(Chunk(chunk.table, rows))
        self._make_partitions(chunk)
        if chunk.replaces:
            self._replace(chunk.table, rows)
        else:
            self._copy(_identifier(chunk.table), chunk.table, rows)
        return total

    def finish(self) -> list[int]:
        """Check what was left unchecked, record the events, move the keys on; answers the events' keys."""
        event_ids = [touched.event_id for touched in self._touched.values()]
        if self._keys:
            self._keys.check()
        for touched in self._touched.values():
            self._conn.execute(query("demo/record_event"), _event(touched, self._batch_id))
            for column, highest in touched.highest.items():
                values = {
                    "relation_name": touched.table.fullname,
                    "column_name": column,
                    "highest": highest,
                }
                self._conn.execute(query("demo/advance_sequence"), values)
        return event_ids

    def _touch(self, chunk: Chunk) -> Touched:
        operation = "update" if chunk.replaces else "insert"
        key = chunk.table.fullname, operation
        if key not in self._touched:
            row = self._conn.execute(query("demo/draw_event_id")).fetchone()
            assert row
            self._touched[key] = Touched(chunk.table, operation, row[0])
        return self._touched[key]

    def _completed(self, chunk: Chunk, event_id: int) -> dict[str, Any]:
        """The columns that all rows have, where the generator gave them no value of their own."""
        defaults = {
            "created_at": self._written_at,
            "updated_at": self._written_at,
            "event_id": event_id,
            "batch_id": self._batch_id,
        }
        have = {name: value for name, value in defaults.items() if name in chunk.table.c}
        return have | chunk.rows

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
        names = {**rows, "opening_quantity": 0, "opening_realized_pnl": 0}
        self._copy(stage, table, names)
        self._conn.execute(query("demo/update_positions"))


def _identifier(table: Table) -> sql.Identifier:
    assert table.schema
    return sql.Identifier(table.schema, table.name)


# -- what the event says ---------------------------------------------------------------------------


def _note(touched: Touched, chunk: Chunk, total: int) -> None:
    touched.rows += total
    span = _span(chunk)
    if span:
        touched.low = min(touched.low or span[0], span[0])
        touched.high = max(touched.high or span[1], span[1])
    touched.accounts = _with_keys(touched.accounts, chunk, "account_id")
    key = "instrument_id" if "instrument_id" in chunk.table.c else "underlying_id"
    if key not in chunk.table.c and "option_contract_id" in chunk.table.c:
        touched.instruments = None  # quotes name a contract alone, so any instrument may be meant
    touched.instruments = _with_keys(touched.instruments, chunk, key)
    for column in chunk.table.c:
        if column.identity is not None:
            highest = int(np.max(chunk.rows[column.name]))
            touched.highest[column.name] = max(highest, touched.highest.get(column.name, 0))


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


def _with_keys(
    known: frozenset[int | None] | None, chunk: Chunk, name: str
) -> frozenset[int | None] | None:
    """The keys seen so far."""
    if known is None:
        return None
    values = chunk.rows.get(name)
    if values is None:
        return known | {None} if known and name in chunk.table.c else known
    return _bounded(known | _keys(values))


def _keys(values: Any) -> frozenset[int | None]:
    if isinstance(values, Optional):
        nulls = frozenset() if values.present.all() else frozenset([None])
        return _keys(np.broadcast_to(values.values, values.present.shape)[values.present]) | nulls
    assert not isinstance(values, Fixed)
    return frozenset(np.unique(values).tolist())


def _bounded(keys: frozenset[int | None]) -> frozenset[int | None] | None:
    return keys if len(keys) <= _KEYS + 1 else None


def _event(touched: Touched, batch_id: int) -> dict[str, Any]:
    return {
        "table_schema": touched.table.schema,
        "table_name": touched.table.name,
        "operation": touched.operation,
        "row_count": touched.rows,
        "time_from": touched.low,
        "time_to": touched.high,
        "account_ids": _listed(touched.accounts),
        "instrument_ids": _listed(touched.instruments),
        "batch_id": batch_id,
        "event_id": touched.event_id,
    }


def _listed(keys: frozenset[int | None] | None) -> list[int | None] | None:
    return None if keys is None else list(keys)
