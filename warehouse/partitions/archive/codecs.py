"""How values go from PostgreSQL's binary form to Arrow's and back, bit for bit.

Decimals are in `decimals`, lists in `lists`; which column takes which codec is said by `columns`.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from warehouse.partitions.archive.wire import (
    COUNT,
    NOTHING,
    NULL,
    SIZE,
    Field,
    Mask,
    Octets,
    Places,
    Sizes,
    scatter,
    sized,
    stretches,
)


class Cells(ABC):
    """A column of values on their way to the server: sizes first, so that room can be made."""

    sizes: Sizes
    even: np.dtype[Any] | None = None  # a value with its size, where all take the same room

    @abstractmethod
    def write(self, octets: Octets, at: Places) -> None:
        """Put each value, its size before it, where it belongs."""

    def fill(self, records: NDArray[Any]) -> None:
        """Put all values, their sizes before them, into records of the kind that `even` says."""
        raise NotImplementedError


class Codec(Protocol):
    """Reads and writes the values of one type."""

    @property
    def arrow(self) -> pa.DataType: ...

    @property
    def head(self) -> np.dtype[Any]:
        """What each value begins with; fetched along with its size."""

    def decode(self, field: Field) -> pa.Array: ...

    def encode(self, values: pa.Array) -> Cells: ...


class Unrepresentable(ValueError):
    """A value that the file's type cannot hold."""


def validity(present: Mask) -> pa.Buffer | None:
    """Arrow's bitmap of what is not null."""
    if present.all():
        return None
    return pa.py_buffer(np.packbits(present, bitorder="little"))


def presence(values: pa.Array) -> Mask:
    """Which values are not null."""
    bitmap = values.buffers()[0]
    if bitmap is None:
        return np.ones(len(values), bool)
    # Not is_valid().to_numpy(), which imports pandas.
    bits = np.unpackbits(np.frombuffer(bitmap, np.uint8), bitorder="little")
    return bits[values.offset : values.offset + len(values)].astype(bool)


# -- fixed width -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fixed:
    """Numbers and instants; `shift` is from PostgreSQL's epoch, the year 2000, to 1970."""

    arrow: pa.DataType
    head: np.dtype[Any]
    shift: int = 0

    def decode(self, field: Field) -> pa.Array:
        present = field.present
        values = field.head.astype(self.head.newbyteorder("="))
        if self.shift:
            values = _shifted(values, present, self.shift)
        if pa.types.is_boolean(self.arrow):
            data = pa.py_buffer(np.packbits(values != 0, bitorder="little"))
        else:
            data = pa.py_buffer(values)
        return pa.Array.from_buffers(self.arrow, len(values), [validity(present), data])

    def encode(self, values: pa.Array) -> "FixedCells":
        if pa.types.is_boolean(self.arrow):
            bits = np.unpackbits(np.frombuffer(values.buffers()[1], np.uint8), bitorder="little")
            held = bits[values.offset : values.offset + len(values)]
        else:
            kind = self.head.newbyteorder("=")
            held = np.frombuffer(values.buffers()[1], kind)[
                values.offset : values.offset + len(values)
            ]
            if self.shift:
                held = _unshifted(held, self.shift)
        return FixedCells(held.astype(self.head), presence(values))


class FixedCells(Cells):
    """Values of one width."""

    def __init__(self, values: NDArray[Any], present: Mask) -> None:
        self._values = values
        self._present = present
        self.sizes = np.where(present, values.dtype.itemsize, NULL)
        self.even = sized(values.dtype) if present.all() else None

    def fill(self, records: NDArray[Any]) -> None:
        records["size"] = self._values.dtype.itemsize
        records["head"] = self._values

    def write(self, octets: Octets, at: Places) -> None:
        write_heads(octets, at, self.sizes, self._values, self._present)


def write_heads(
    octets: Octets, at: Places, sizes: Sizes, heads: NDArray[Any], present: Mask
) -> None:
    """Sizes with what comes right behind them, and of nulls the size alone."""
    begins = np.empty(len(at), sized(heads.dtype))
    begins["size"] = sizes
    begins["head"] = heads
    if present.all():
        scatter(octets, at, begins)
    else:
        scatter(octets, at, sizes.astype(SIZE))
        scatter(octets, at[present], begins[present])


def _shifted(values: NDArray[Any], present: Mask, shift: int) -> NDArray[Any]:
    """Infinity becomes the type's last value and -infinity its opposite, as DuckDB reads them."""
    edge = np.iinfo(values.dtype)
    first, last = values == edge.min, values == edge.max
    if (present & ~first & ~last & (values >= edge.max - shift)).any():
        raise Unrepresentable("a time so far in the future that the file's type ends before it")
    moved: NDArray[Any] = values + values.dtype.type(shift)
    moved[first] = -edge.max
    moved[last] = edge.max
    return moved


def _unshifted(values: NDArray[Any], shift: int) -> NDArray[Any]:
    edge = np.iinfo(values.dtype)
    moved: NDArray[Any] = values - values.dtype.type(shift)
    moved[values == -edge.max] = edge.min
    moved[values == edge.max] = edge.max
    return moved


# -- any width -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Text:
    """Texts and octets; `prefix` goes before each on the wire, as jsonb's version does."""

    arrow: pa.DataType
    prefix: bytes = b""
    head: np.dtype[Any] = NOTHING

    def decode(self, field: Field) -> pa.Array:
        skip = len(self.prefix)
        lengths = np.where(field.present, field.sizes - skip, 0)
        offsets = np.zeros(len(lengths) + 1, np.int32)
        np.cumsum(lengths, out=offsets[1:])
        data = field.octets[stretches(field.at + skip, lengths)]
        buffers = [validity(field.present), pa.py_buffer(offsets), pa.py_buffer(data)]
        return pa.Array.from_buffers(self.arrow, len(lengths), buffers)

    def encode(self, values: pa.Array) -> "TextCells":
        _, offsets, data = values.buffers()
        bounds = np.frombuffer(offsets, np.int32)[values.offset : values.offset + len(values) + 1]
        return TextCells(bounds, data, presence(values), self.prefix)


class TextCells(Cells):
    """Values of any width; the nulls among them hold nothing."""

    def __init__(
        self, bounds: NDArray[np.int32], data: pa.Buffer | None, present: Mask, prefix: bytes
    ) -> None:
        self._lengths = np.diff(bounds).astype(np.int64)
        self._data = np.frombuffer(data or b"", np.uint8)[bounds[0] : bounds[-1]]
        self._present = present
        self._prefix = np.frombuffer(prefix, np.uint8)
        self.sizes = np.where(present, self._lengths + len(prefix), NULL)
        size = int(self.sizes.max(initial=NULL))
        if size > len(prefix) and (self.sizes == size).all():
            self.even = sized(np.dtype((np.void, size)))

    def fill(self, records: NDArray[Any]) -> None:
        kind = records.dtype["head"]
        octets = np.empty((len(records), kind.itemsize), np.uint8)
        octets[:, : len(self._prefix)] = self._prefix
        octets[:, len(self._prefix) :] = self._data.reshape(len(records), -1)
        records["size"] = kind.itemsize
        records["head"] = octets.view(kind)[:, 0]

    def write(self, octets: Octets, at: Places) -> None:
        scatter(octets, at, self.sizes.astype(SIZE))
        at = at + SIZE.itemsize
        for place, octet in enumerate(self._prefix):
            octets[at[self._present] + place] = octet
        octets[stretches(at + len(self._prefix), self._lengths)] = self._data


# -- rows ------------------------------------------------------------------------------------------


class Counts(Cells):
    """What each tuple begins with: how many values it has."""

    even = COUNT

    def __init__(self, values: int) -> None:
        self._values = values

    def fill(self, records: NDArray[Any]) -> None:
        records[:] = self._values

    def write(self, octets: Octets, at: Places) -> None:
        raise NotImplementedError


class Strip:
    """Neighbouring columns whose values are of one size, laid out side by side in one go."""

    def __init__(self, columns: Sequence[Cells], rows: int) -> None:
        kinds = [cells.even for cells in columns if cells.even]
        self.width = sum(kind.itemsize for kind in kinds)
        self.octets = np.empty((rows, self.width), np.uint8)
        begin = 0
        for cells, kind in zip(columns, kinds, strict=True):
            cells.fill(np.ndarray((rows,), kind, self.octets, begin, (self.width,)))
            begin += kind.itemsize

    def write(self, octets: Octets, at: Places) -> None:
        scatter(octets, at, self.octets.view(np.dtype((np.void, self.width)))[:, 0])


def lay_out(columns: Sequence[Cells], rows: int) -> bytes:
    """The tuples of these columns, end to end, as the body of a binary COPY."""
    parts: list[tuple[Strip | Cells, int | Sizes]] = []
    for is_even, run in groupby([Counts(len(columns)), *columns], lambda c: c.even is not None):
        if is_even:
            strip = Strip(list(run), rows)
            parts.append((strip, strip.width))
        else:
            parts += [(cells, np.maximum(cells.sizes, 0) + SIZE.itemsize) for cells in run]
    return _joined(parts, rows)


def _joined(parts: Sequence[tuple[Strip | Cells, int | Sizes]], rows: int) -> bytes:
    whole = parts[0][0]
    if len(parts) == 1 and isinstance(whole, Strip):
        return whole.octets.tobytes()
    widths = np.zeros(rows, np.int64)
    for _, width in parts:
        widths += width
    ends = np.cumsum(widths)
    octets = np.empty(int(ends[-1]) if rows else 0, np.uint8)
    at = ends - widths
    for part, width in parts:
        part.write(octets, at)
        at += width
    return octets.tobytes()
