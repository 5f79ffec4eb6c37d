"""Numerics as decimals of one scale, exactly, with the scale each was given kept beside them.

PostgreSQL sends a numeric as base-10,000 digits from the first that is not zero to the last.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from warehouse.partitions.archive.codecs import Cells, Unrepresentable, presence, validity
from warehouse.partitions.archive.wire import (
    NULL,
    SIZE,
    Field,
    Mask,
    Octets,
    Places,
    gather,
    scatter,
)

HEAD = np.dtype([("groups", ">i2"), ("weight", ">i2"), ("sign", ">u2"), ("scale", ">u2")])
OCTETS = np.dtype((np.void, HEAD.itemsize))  # copied in one go
GROUP = np.dtype(">u2")
BASE = 10_000
PLACES = 4  # decimals a group holds
NEGATIVE = 0x4000
NOT_FINITE = 0xC000
# What fits an int64 whatever its digits are.
QUICK = 18
QUICK_GROUPS = QUICK // PLACES
POWERS = 10 ** np.arange(QUICK + 1, dtype=np.int64)
BASES = BASE ** np.arange(QUICK_GROUPS + 1, dtype=np.int64)

Longs = NDArray[np.int64]


@dataclass(frozen=True)
class Decimal:
    """Numerics of at most `precision` digits, `scale` of them behind the point.

    Where all were given the same number of decimals, that is the scale; else they are `mixed`, and
    each one's own is kept.
    """

    precision: int
    scale: int
    mixed: bool = True
    head: np.dtype[Any] = HEAD

    @property
    def arrow(self) -> pa.DataType:
        kind = pa.decimal128 if self.precision <= 38 else pa.decimal256
        return kind(self.precision, self.scale)

    def decode(self, field: Field) -> pa.Array:
        return self.decode_with_scales(field)[0]

    def decode_with_scales(self, field: Field) -> tuple[pa.Array, pa.Array]:
        """The values, and the number of decimals each was given."""
        present = field.present
        head = field.head
        if (present & ((head["sign"] & NOT_FINITE) == NOT_FINITE)).any():
            raise Unrepresentable("NaN or infinity, which no decimal can hold")
        strange = head["scale"] > self.scale if self.mixed else head["scale"] != self.scale
        if (present & strange).any():
            raise Unrepresentable(f"a number that was not given with {self.scale} decimals")
        groups = np.where(present, head["groups"], 0).astype(np.int64)
        weight = np.where(present, head["weight"], 0).astype(np.int64)
        quick = weight + 1 + self._below <= QUICK_GROUPS
        limbs = self._limbs(self._quick(field, np.where(quick, groups, 0), weight, head["sign"]))
        for row in np.flatnonzero(~quick & present):
            limbs[row] = self._slow(field, int(row), head[row])
        bitmap = validity(present)
        values = pa.Array.from_buffers(self.arrow, len(limbs), [bitmap, pa.py_buffer(limbs)])
        scales = pa.py_buffer(head["scale"].astype(np.int16))
        return values, pa.Array.from_buffers(pa.int16(), len(limbs), [bitmap, scales])

    @property
    def _below(self) -> int:
        """Groups behind the point."""
        return -(-self.scale // PLACES)

    def _quick(self, field: Field, groups: Longs, weight: Longs, sign: NDArray[np.uint16]) -> Longs:
        units = np.zeros(len(groups), np.int64)
        for group in range(int(groups.max(initial=0))):
            there = groups > group
            rows: Any = slice(None) if there.all() else np.flatnonzero(there)
            at = field.at[rows] + (HEAD.itemsize + group * GROUP.itemsize)
            digit = gather(field.octets, at, GROUP)
            units[rows] += digit * BASES[weight[rows] + (self._below - group)]
        units //= 10 ** (self._below * PLACES - self.scale)
        return np.where(sign & NEGATIVE, -units, units)

    def _slow(self, field: Field, row: int, head: Any) -> Longs:
        at = field.at[row : row + 1] + HEAD.itemsize
        units = 0
        for group in range(int(head["groups"])):
            digit = int(gather(field.octets, at + group * GROUP.itemsize, GROUP)[0])
            power = (int(head["weight"]) - group) * PLACES + self.scale
            units += digit * 10**power if power >= 0 else digit // 10**-power
        if units >= 10**self.precision:
            raise Unrepresentable(f"a number of more than {self.precision} digits")
        if head["sign"] & NEGATIVE:
            units = -units
        octets = units.to_bytes(self.arrow.byte_width, "little", signed=True)
        return np.frombuffer(octets, np.int64)

    def _limbs(self, units: Longs) -> NDArray[np.int64]:
        limbs = np.empty((len(units), self.arrow.byte_width // 8), np.int64)
        limbs[:, 0] = units
        limbs[:, 1:] = (units >> 63)[:, None]
        return limbs

    def encode(
        self, values: pa.Array, scales: pa.Array | None = None, *, padded: bool = False
    ) -> "DecimalCells":
        """As the server would send them or, padded with zeros that it takes off again, of one size."""
        given: NDArray[np.int16] | int = self.scale
        if scales is not None:
            held = np.frombuffer(scales.buffers()[1], np.int16)
            given = held[scales.offset : scales.offset + len(scales)]
        words = self.arrow.byte_width // 8
        limbs = np.frombuffer(values.buffers()[1], np.int64).reshape(-1, words)
        limbs = limbs[values.offset : values.offset + len(values)]
        present = presence(values)
        digits, below, negative = _digits(limbs, self.scale, present)
        reach = _reach(digits, padded=padded)
        return DecimalCells(digits, below, negative, given, present, *reach)


class DecimalCells(Cells):
    """Base-10,000 digits aligned at the point, of which each value has those from `first` to `last`."""

    def __init__(
        self,
        digits: Longs,
        below: int,
        negative: Mask,
        scales: NDArray[np.int16] | int,
        present: Mask,
        first: Longs,
        last: Longs,
    ) -> None:
        self._digits, self._present, self._first = digits, present, first
        groups = np.where(present, last - first, 0)
        self.sizes = np.where(present, HEAD.itemsize + groups * GROUP.itemsize, NULL)
        self._head = np.empty(digits.shape[1], HEAD)
        self._head["groups"] = groups
        self._head["weight"] = np.where(last > first, len(digits) - below - 1 - first, 0)
        self._head["sign"] = np.where(negative, NEGATIVE, 0)
        self._head["scale"] = scales
        # Which digits each has, as one number: there are few such shapes, and each is written in one go.
        self._shapes = np.where(present, groups * len(digits) + first, -1)
        if len(groups) and present.all() and (self._shapes == self._shapes[0]).all():
            self.even = _kind(groups[0])

    def fill(self, records: NDArray[Any]) -> None:
        self._fill(records, slice(None), int(self._first[0]))

    def write(self, octets: Octets, at: Places) -> None:
        scatter(octets, at[~self._present], np.full((~self._present).sum(), NULL, SIZE))
        for shape in np.flatnonzero(np.bincount(self._shapes[self._present])):
            groups, first = divmod(int(shape), len(self._digits))
            rows = np.flatnonzero(self._shapes == shape)
            records = np.empty(len(rows), _kind(groups))
            self._fill(records, rows, first)
            scatter(octets, at[rows], records)

    def _fill(self, records: NDArray[Any], rows: Any, first: int) -> None:
        records["size"] = self.sizes[rows]
        records["head"] = self._head.view(OCTETS)[rows]
        for group in range(records["digits"].shape[1]):
            records["digits"][:, group] = self._digits[first + group, rows]


def _kind(groups: int) -> np.dtype[Any]:
    """A value of so many groups, its size before it."""
    return np.dtype([("size", SIZE), ("head", OCTETS), ("digits", GROUP, (groups,))])


def _reach(digits: Longs, *, padded: bool) -> tuple[Longs, Longs]:
    """Which digits each value has: to its own first and last that is not zero, or to those of any."""
    first = np.zeros(digits.shape[1], np.int64)
    last = np.zeros(digits.shape[1], np.int64)
    used = np.flatnonzero(digits.any(axis=1))
    if padded and len(used):
        first[:], last[:] = used[0], used[-1] + 1
        return first, last
    for place in used:
        last[digits[place] != 0] = place + 1
    for place in reversed(used):
        first[digits[place] != 0] = place
    return first, last


def _digits(limbs: Longs, scale: int, present: Mask) -> tuple[Longs, int, Mask]:
    """The digits of all values, place by place, how many are behind the point, and the signs."""
    below = -(-scale // PLACES)
    units, negative = limbs[:, 0], limbs[:, -1] < 0
    quick = (units < POWERS[QUICK]) & (units > -POWERS[QUICK])
    for word in range(1, limbs.shape[1]):
        quick &= limbs[:, word] == units >> 63
    quick |= ~present
    if scale > 4 * PLACES:
        quick &= ~present
    plain = np.where(quick & present, np.abs(units), 0)
    slow = {
        int(row): _groups_of(_whole(limbs[row]), scale, below) for row in np.flatnonzero(~quick)
    }
    width = max([below + 1 + (QUICK - min(scale, QUICK)) // PLACES, *map(len, slow.values())])
    digits = np.zeros((width, len(limbs)), np.int64)
    _fill(digits, plain, min(scale, 4 * PLACES), below)
    for row, groups in slow.items():
        digits[width - len(groups) :, row] = groups
    return digits, below, negative & present


def _fill(digits: Longs, units: Longs, scale: int, below: int) -> None:
    """By whole quotients: numpy divides by a constant twice as fast as it takes both with divmod."""
    whole = units // POWERS[scale]
    fraction = (units - whole * POWERS[scale]) * POWERS[-scale % PLACES]
    place = len(digits)
    for _ in range(min(below, -(-scale // PLACES))):
        place -= 1
        fraction = _split(fraction, digits[place])
    while whole.any():
        place -= 1
        whole = _split(whole, digits[place])


def _split(values: Longs, lowest: Longs) -> Longs:
    """The values without their lowest group, which goes where it belongs."""
    rest: Longs = values // BASE
    np.subtract(values, rest * BASE, out=lowest)
    return rest


def _whole(limbs: Longs) -> int:
    return abs(int.from_bytes(limbs.tobytes(), "little", signed=True))


def _groups_of(units: int, scale: int, below: int) -> list[int]:
    units *= 10 ** (below * PLACES - scale)
    groups: list[int] = []
    while units or len(groups) <= below:
        units, group = divmod(units, BASE)
        groups.append(group)
    return groups[::-1]
