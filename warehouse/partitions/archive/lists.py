"""Arrays of one dimension as Arrow's lists; others are carried as text."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from warehouse.partitions.archive.codecs import (
    Cells,
    Codec,
    Unrepresentable,
    presence,
    validity,
    write_heads,
)
from warehouse.partitions.archive.wire import (
    NULL,
    SIZE,
    Field,
    Mask,
    Octets,
    Places,
    Sizes,
    gather,
    scatter,
)

HEAD = np.dtype([("dimensions", ">i4"), ("has_nulls", ">i4"), ("oid", ">u4")])
DIMENSION = np.dtype([("length", ">i4"), ("first", ">i4")])


@dataclass(frozen=True)
class List:
    """Lists of what another codec reads; `oid` is the elements' type."""

    element: Codec
    oid: int
    head: np.dtype[Any] = HEAD

    @property
    def arrow(self) -> pa.DataType:
        return pa.list_(self.element.arrow)

    def decode(self, field: Field) -> pa.Array:
        head = field.head
        dimensions = np.where(field.present, head["dimensions"], 0)
        shape = gather(field.octets, field.at + HEAD.itemsize, DIMENSION)
        if (dimensions > 1).any() or ((dimensions == 1) & (shape["first"] != 1)).any():
            raise Unrepresentable("an array that is no plain list")
        counts = np.where(dimensions == 1, shape["length"], 0).astype(np.int64)
        offsets = np.zeros(len(counts) + 1, np.int32)
        np.cumsum(counts, out=offsets[1:])
        elements = self.element.decode(_elements(field, counts, offsets, self.element.head))
        buffers = [validity(field.present), pa.py_buffer(offsets)]
        return pa.Array.from_buffers(self.arrow, len(counts), buffers, children=[elements])

    def encode(self, values: pa.Array) -> "ListCells":
        held = values.buffers()[1]
        bounds = np.frombuffer(held, np.int32)[values.offset : values.offset + len(values) + 1]
        elements = values.values.slice(bounds[0], bounds[-1] - bounds[0])
        return ListCells(
            np.diff(bounds).astype(np.int64),
            presence(values),
            self.element.encode(elements),
            presence(elements),
            self.oid,
        )


def _elements(
    field: Field, counts: Sizes, offsets: NDArray[np.int32], head: np.dtype[Any]
) -> Field:
    """Where each element is: the first of every list, then the second …"""
    at = np.zeros(int(offsets[-1]), np.int64)
    sizes = np.zeros(int(offsets[-1]), np.int64)
    cursor = field.at + HEAD.itemsize + DIMENSION.itemsize
    for nth in range(int(counts.max(initial=0))):
        rows = np.flatnonzero(counts > nth)
        size = gather(field.octets, cursor[rows], SIZE).astype(np.int64)
        place = offsets[rows] + nth
        at[place], sizes[place] = cursor[rows] + SIZE.itemsize, size
        cursor[rows] += SIZE.itemsize + np.maximum(size, 0)
    return Field(field.octets, at, sizes, gather(field.octets, at, head))


class ListCells(Cells):
    """Lists; an empty one has no dimension at all."""

    def __init__(
        self, counts: Sizes, present: Mask, elements: Cells, given: Mask, oid: int
    ) -> None:
        self._counts, self._present, self._elements, self._given = counts, present, elements, given
        self._ends = np.cumsum(counts)
        lengths = SIZE.itemsize + np.maximum(elements.sizes, 0)
        before = np.concatenate([[0], np.cumsum(lengths)])
        self._lengths = lengths
        self._inside = before[self._ends] - before[self._ends - counts]
        self._before = before
        filled = HEAD.itemsize + DIMENSION.itemsize + self._inside
        self.sizes = np.where(present, np.where(counts > 0, filled, HEAD.itemsize), NULL)
        self._oid = oid

    def write(self, octets: Octets, at: Places) -> None:
        nulls = np.concatenate([[0], np.cumsum(~self._given)])
        head = np.empty(len(at), HEAD)
        head["dimensions"] = self._counts > 0
        head["has_nulls"] = nulls[self._ends] > nulls[self._ends - self._counts]
        head["oid"] = self._oid
        write_heads(octets, at, self.sizes, head, self._present)
        at = at + SIZE.itemsize
        filled = np.flatnonzero(self._counts > 0)
        shape = np.ones(len(filled), DIMENSION)
        shape["length"] = self._counts[filled]
        scatter(octets, at[filled] + HEAD.itemsize, shape)
        self._write_elements(octets, at + HEAD.itemsize + DIMENSION.itemsize)

    def _write_elements(self, octets: Octets, at: Places) -> None:
        inside = self._before[:-1] - np.repeat(
            self._before[self._ends - self._counts], self._counts
        )
        places = np.repeat(at, self._counts) + inside
        self._elements.write(octets, places)
