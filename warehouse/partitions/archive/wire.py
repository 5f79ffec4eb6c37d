"""Tuples as PostgreSQL's binary COPY frames them, read and laid out a column at a time.

Which bytes a column holds is the codecs' business.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"

NULL = -1
COUNT = np.dtype(">i2")
SIZE = np.dtype(">i4")
# Nulls are read like values, and then masked: the last row's reach this far past the end.
SLACK = bytes(64)
NOTHING = np.dtype((np.void, 0))

Octets = NDArray[np.uint8]
Places = NDArray[np.int64]
Sizes = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Field(NamedTuple):
    """One column of many rows: where each value begins, its size, -1 for null, and its first octets."""

    octets: Octets
    at: Places
    sizes: Sizes
    head: NDArray[Any]

    @property
    def present(self) -> Mask:
        return self.sizes >= 0

    @property
    def lengths(self) -> Sizes:
        return np.maximum(self.sizes, 0)


def gather(octets: Octets, at: Places, kind: np.dtype[Any]) -> NDArray[Any]:
    """The values of a type that begin at these places, aligned or not.

    As raw octets, which are copied in one go: 3 ns a value, where numpy takes 10 for a structure.
    """
    raw = np.dtype((np.void, kind.itemsize))
    reach = len(octets) - kind.itemsize + 1
    return np.ndarray((reach,), raw, octets, strides=(1,))[at].view(kind)


def scatter(octets: Octets, at: Places, values: NDArray[Any]) -> None:
    """Write each value where it belongs."""
    raw = np.dtype((np.void, values.dtype.itemsize))
    reach = len(octets) - values.dtype.itemsize + 1
    np.ndarray((reach,), raw, octets, strides=(1,))[at] = values.view(raw)


@cache
def sized(head: np.dtype[Any]) -> np.dtype[Any]:
    """A value's size and what it begins with, as they stand on the wire."""
    return np.dtype([("size", SIZE), ("head", head)])


def stretches(begins: Places, lengths: Sizes) -> Places:
    """The places of all octets of the stretches, one after the other."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(begins - (ends - lengths), lengths) + np.arange(total)


class Tuples:
    """Some rows as COPY sends them, one a message, end to end."""

    def __init__(self, messages: Sequence[bytes]) -> None:
        lengths = np.fromiter(map(len, messages), np.int64, len(messages))
        self._octets = b"".join([*messages, SLACK])
        self._starts = np.cumsum(lengths) - lengths

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def octets(self) -> memoryview:
        """The rows alone."""
        return memoryview(self._octets)[: -len(SLACK)]

    def fields(self, columns: int) -> "Fields":
        """Ready to be taken apart column by column."""
        octets = np.frombuffer(self._octets, np.uint8)
        if not (gather(octets, self._starts, COUNT) == columns).all():
            raise ValueError(f"the server sent rows that do not have {columns} columns")
        return Fields(octets, self._starts + COUNT.itemsize)


class Fields:
    """Walks through the columns of rows; each is found behind the one before."""

    def __init__(self, octets: Octets, at: Places) -> None:
        self._octets = octets
        self._at = at

    def take(self, head: np.dtype[Any]) -> Field:
        """The next column, with what each value begins with."""
        begins = gather(self._octets, self._at, sized(head))
        sizes = begins["size"].astype(np.int64)
        field = Field(self._octets, self._at + SIZE.itemsize, sizes, begins["head"])
        self._at = field.at + field.lengths
        return field
