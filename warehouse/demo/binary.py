"""Columns of numpy arrays as PostgreSQL's binary COPY format, encoded a column at a time.

What each column holds is said by the table; nothing here knows a connection.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Boolean, Column, Date, DateTime, Double, Integer, Numeric, Table
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.demo.arrays import Ints, Mask

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
# Measured: larger blocks fall out of the processor's cache and encode more slowly.
ROWS_PER_BLOCK = 8_192

_POSTGRES_EPOCH = np.datetime64("2000-01-01T00:00:00", "us")
_POSTGRES_DAY = np.datetime64("2000-01-01", "D")
_NEGATIVE = 0x4000
_JSONB_VERSION = b"\x01"
_BASE = 10_000  # numeric's digits are base 10,000, four decimals each

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Fixed:
    """Exact decimals: whole `units` of 10^-places, written with `scale` decimals (all of them by default)."""

    units: Ints
    places: int
    scale: Ints | None = None


@dataclass(frozen=True)
class Optional:
    """Values of which only the `present` ones are written; the others are null."""

    values: Any
    present: Mask


Rows = Mapping[str, Any]
"""Columns by name: an array, a Fixed, an Optional, a list of texts, or one value for all rows."""


def count(rows: Rows) -> int:
    """How many rows the columns hold."""
    return max(len(v) for v in map(_sized, rows.values()) if v is not None)


def take(rows: Rows, which: Any) -> dict[str, Any]:
    """The rows at the positions, or under the mask, or in the slice."""
    return {name: _take(values, which) for name, values in rows.items()}


def blocks(table: Table, rows: Rows) -> Iterator[bytes]:
    """The rows as the body of a binary COPY, in blocks of bounded size."""
    total = count(rows)
    for start in range(0, total, ROWS_PER_BLOCK):
        which = slice(start, min(start + ROWS_PER_BLOCK, total))
        yield _block(table, take(rows, which), which.stop - which.start)


def _block(table: Table, rows: Rows, total: int) -> bytes:
    fields = np.frombuffer(len(rows).to_bytes(2, "big"), np.uint8)
    cells = [np.broadcast_to(fields, (total, 2))]
    masks: list[Mask | None] = [None]
    for name, values in rows.items():
        cell, mask = _cells(table.c[name], values, total)
        cells.append(cell)
        masks.append(mask)
    matrix: Bytes = np.concatenate(cells, axis=1)
    if all(mask is None for mask in masks):
        return matrix.tobytes()
    whole = [
        np.broadcast_to(True, cell.shape) if mask is None else mask
        for cell, mask in zip(cells, masks, strict=True)
    ]
    written: Bytes = matrix[np.concatenate(whole, axis=1)]
    return written.tobytes()


# -- columns ---------------------------------------------------------------------------------------


def _sized(values: Any) -> Sequence[Any] | NDArray[Any] | None:
    if isinstance(values, Fixed):
        return values.units if values.units.ndim else None
    if isinstance(values, Optional):
        return values.present
    if isinstance(values, list | np.ndarray):
        return values
    return None


def _take(values: Any, which: Any) -> Any:
    if isinstance(values, Optional):
        return Optional(_take(values.values, which), values.present[which])
    if isinstance(values, Fixed):
        scale = values.scale
        return Fixed(values.units[which], values.places, None if scale is None else scale[which])
    if isinstance(values, np.ndarray):
        return values[which]
    if isinstance(values, list):
        return values[which] if isinstance(which, slice) else list(np.array(values, object)[which])
    return values


def _cells(column: Column[Any], values: Any, total: int) -> tuple[Bytes, Mask | None]:
    """Length and payload of every value, and which of the bytes are to be written."""
    if values is None:
        return np.full((total, 4), 0xFF, np.uint8), None
    if isinstance(values, Optional):
        cell, mask = _cells(column, values.values, total)
        return _with_nulls(cell, mask, values.present)
    if isinstance(values, list) and any(value is None for value in values):
        present = np.array([value is not None for value in values])
        return _cells(column, Optional([value or "" for value in values], present), total)
    payload, lengths = _payload(column, values)
    payload = np.broadcast_to(payload, (total, payload.shape[1]))
    if lengths is None:
        return np.concatenate([_lengths(payload.shape[1], total), payload], axis=1), None
    lengths = np.broadcast_to(lengths, (total,))
    mask = np.concatenate(
        [np.ones((total, 4), bool), np.arange(payload.shape[1]) < lengths[:, None]], axis=1
    )
    return np.concatenate([_lengths(lengths, total), payload], axis=1), mask


def _with_nulls(cell: Bytes, mask: Mask | None, present: Mask) -> tuple[Bytes, Mask]:
    cell = np.where(present[:, None], cell, np.uint8(0xFF))
    mask = np.ones(cell.shape, bool) if mask is None else mask.copy()
    mask[:, 4:] &= present[:, None]
    return cell, mask


def _lengths(lengths: Any, total: int) -> Bytes:
    return _big_endian(np.broadcast_to(lengths, (total,)), ">i4")


def _big_endian(values: Any, kind: str) -> Bytes:
    flat = np.ascontiguousarray(np.atleast_1d(values)).astype(kind)
    return flat.view(np.uint8).reshape(len(flat), -1)


def _payload(column: Column[Any], values: Any) -> tuple[Bytes, Ints | None]:
    kind = column.type
    if isinstance(kind, Double):
        return _big_endian(values, ">f8"), None
    if isinstance(kind, Numeric):
        return _numeric(values), None
    if isinstance(kind, Integer):
        return _big_endian(values, ">i4" if kind.__visit_name__ == "integer" else ">i8"), None
    if isinstance(kind, Boolean):
        return _big_endian(values, "u1"), None
    if isinstance(kind, DateTime):
        since = np.asarray(values, "datetime64[us]") - _POSTGRES_EPOCH
        return _big_endian(since.astype(np.int64), ">i8"), None
    if isinstance(kind, Date):
        since = np.asarray(values, "datetime64[D]") - _POSTGRES_DAY
        return _big_endian(since.astype(np.int64), ">i4"), None
    return _text(values, _JSONB_VERSION if isinstance(kind, JSONB) else b"")


def _text(values: Any, prefix: bytes) -> tuple[Bytes, Ints]:
    if isinstance(values, np.ndarray) and values.dtype.kind == "S":
        texts = np.char.add(prefix, values) if prefix else values
        lengths = np.char.str_len(texts)
    else:
        listed = [values] if isinstance(values, str | bytes) else values
        encoded = [prefix + (v if isinstance(v, bytes) else str(v).encode()) for v in listed]
        lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
        texts = np.array(encoded, "S")
    width = max(texts.dtype.itemsize, 1)
    return np.frombuffer(texts.tobytes(), np.uint8).reshape(len(lengths), width), lengths


def _numeric(values: Any) -> Bytes:
    fixed = values if isinstance(values, Fixed) else Fixed(np.asarray(values, np.int64), 0)
    units = np.atleast_1d(fixed.units)
    scale = fixed.places if fixed.scale is None else fixed.scale
    below = -(-fixed.places // 4)
    digits = _digits(np.abs(units), fixed.places, below)
    head = np.empty((len(units), 4), np.int64)
    head[:, 0] = digits.shape[1]
    head[:, 1] = digits.shape[1] - below - 1  # weight: groups before the point, less one
    head[:, 2] = np.where(units < 0, _NEGATIVE, 0)
    head[:, 3] = scale
    parts = np.concatenate([head, digits], axis=1).astype(">u2")
    return parts.view(np.uint8).reshape(len(units), -1)


def _digits(units: Ints, places: int, below: int) -> Ints:
    """Base-10,000 digits, aligned at the decimal point; numeric_recv strips zeros at both ends."""
    # Not np.divmod, which takes no whole numbers beyond 64 bits.
    whole, fraction = units // 10**places, units % 10**places
    fraction = fraction * 10 ** (4 * below - places)
    groups: list[Ints] = []
    for _ in range(below):
        fraction, digit = fraction // _BASE, fraction % _BASE
        groups.append(digit)
    while True:
        whole, digit = whole // _BASE, whole % _BASE
        groups.append(digit)
        if not whole.any():
            return np.stack(groups[::-1], axis=1)
