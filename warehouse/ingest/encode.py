"""Columns as PostgreSQL's binary COPY wants them, with the codecs that archives are written back with."""

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import Boolean, Column, Date, DateTime, Double, Integer, Numeric, Table
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.ingest.casting.cells import Cells
from warehouse.partitions.archive.codecs import Cells as Encoded
from warehouse.partitions.archive.codecs import lay_out
from warehouse.partitions.archive.columns import PLAIN
from warehouse.partitions.archive.decimals import Decimal
from warehouse.partitions.archive.wire import HEADER, TRAILER

# Larger blocks fall out of the processor's cache and are encoded more slowly.
ROWS_A_BLOCK = 8_192

Columns = Mapping[str, Cells]
Rows = NDArray[np.int64]


def tuples(table: Table, columns: Columns) -> Iterator[bytes]:
    """The rows as the whole of a binary COPY."""
    yield HEADER
    total = len(next(iter(columns.values())).values)
    wire = {name: _wire(table.c.get(name), cells) for name, cells in columns.items()}
    for start in range(0, total, ROWS_A_BLOCK):
        rows = min(ROWS_A_BLOCK, total - start)
        yield lay_out(
            [
                _encoded(kind, cells, start, rows)
                for kind, cells in zip(wire.values(), columns.values(), strict=True)
            ],
            rows,
        )
    yield TRAILER


def taken(columns: Columns, rows: Rows) -> dict[str, Cells]:
    """Some of the rows."""
    at = pa.array(rows)
    return {
        name: Cells(c.values.take(at), scales=None if c.scales is None else c.scales.take(at))
        for name, c in columns.items()
    }


def constant(value: object, kind: pa.DataType, rows: int) -> Cells:
    """The same value in all rows."""
    return Cells(pa.repeat(pa.scalar(value, kind), rows))


def _encoded(wire: str, cells: Cells, start: int, rows: int) -> Encoded:
    values = cells.values.slice(start, rows)
    if wire == "numeric":
        codec = Decimal(values.type.precision, values.type.scale)
        scales = None if cells.scales is None else cells.scales.slice(start, rows)
        return codec.encode(values, scales, padded=True)
    return PLAIN[wire].encode(values)


def _wire(column: Column[object] | None, cells: Cells) -> str:
    """The type as PostgreSQL calls it; columns of the stage alone are told by their values."""
    if column is None:
        return "int8" if pa.types.is_integer(cells.values.type) else "text"
    kinds = (
        (Double, "float8"),
        (Numeric, "numeric"),
        (Integer, "int4" if column.type.__visit_name__ == "integer" else "int8"),
        (Boolean, "bool"),
        (DateTime, "timestamptz"),
        (Date, "date"),
        (JSONB, "jsonb"),
    )
    return next((name for kind, name in kinds if isinstance(column.type, kind)), "text")
