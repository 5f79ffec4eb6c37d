"""Numerics as decimals of one scale, exactly, with the scale each was given kept beside them.

PostgreSQL sends a numeric as base-10,000 digits from the first that is not zero to the last.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from warehouse.partitions.archive.codecs import Unrepresentable, presence, validity, write_heads
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

    def encode(self, values: pa.Array, scales: pa.Array | None = None) -> "DecimalCells":
        given = np.full(len(values), self.scale, np.int64)
        if scales is not None:
            held = np.frombuffer(scales.buffers()[1], np.int16)
            given = held[scales.offset : scales.offset + len(scales)].astype(np.int64)
        words = self.arrow.byte_width // 8
        limbs = np.frombuffer(values.buffers()[1], np.int64).reshape(-1, words)
        limbs = limbs[values.offset : values.offset + len(values)]
        present = presence(values)
        return DecimalCells(*_digits(limbs, self.scale, present), given, present)


class DecimalCells:
    """Base-10,000 digits aligned at the point, of which the zeros at both ends stay behind."""

    def __init__(
        self, digits: Longs, below: int, negative: Mask, scales: Longs, present: Mask
    ) -> None:
        filled = digits != 0
        self._digits = digits
        self._first = filled.argmax(axis=1)
        last = digits.shape[1] - filled[:, ::-1].argmax(axis=1)
        any_ = filled.any(axis=1)
        self._groups = np.where(any_ & present, last - self._first, 0)
        self._present = present
        self.sizes = np.where(present, HEAD.itemsize + self._groups * GROUP.itemsize, NULL)
        self._head = np.empty(len(digits), HEAD)
        self._head["groups"] = self._groups
        self._head["weight"] = np.where(any_, digits.shape[1] - below - 1 - self._first, 0)
        self._head["sign"] = np.where(negative, NEGATIVE, 0)
        self._head["scale"] = scales

    def write(self, octets: Octets, at: Places) -> None:
        write_heads(octets, at, self.sizes, self._head, self._present)
        at = at + SIZE.itemsize
        for group in range(int(self._groups.max(initial=0))):
            rows = np.flatnonzero(self._groups > group)
            digits = self._digits[rows, self._first[rows] + group].astype(GROUP)
            scatter(octets, at[rows] + (HEAD.itemsize + group * GROUP.itemsize), digits)


def _digits(limbs: Longs, scale: int, present: Mask) -> tuple[Longs, int, Mask]:
    """The digits of each value, how many groups are behind the point, and the signs."""
    below = -(-scale // PLACES)
    units, negative = limbs[:, 0], limbs[:, -1] < 0
    quick = (limbs[:, 1:] == (units >> 63)[:, None]).all(axis=1)
    quick &= (units < POWERS[QUICK]) & (units > -POWERS[QUICK])
    quick |= ~present
    if scale > 4 * PLACES:
        quick &= ~present
    plain = np.where(quick & present, np.abs(units), 0)
    slow = {
        int(row): _groups_of(_whole(limbs[row]), scale, below) for row in np.flatnonzero(~quick)
    }
    width = max([below + 1 + (QUICK - min(scale, QUICK)) // PLACES, *map(len, slow.values())])
    digits = np.zeros((len(limbs), width), np.int64)
    _fill(digits, plain, min(scale, 4 * PLACES), below)
    for row, groups in slow.items():
        digits[row, width - len(groups) :] = groups
    return digits, below, negative & present


def _fill(digits: Longs, units: Longs, scale: int, below: int) -> None:
    """By whole quotients: numpy divides by a constant twice as fast as it takes both with divmod."""
    whole = units // POWERS[scale]
    fraction = (units - whole * POWERS[scale]) * POWERS[-scale % PLACES]
    place = digits.shape[1]
    for _ in range(min(below, -(-scale // PLACES))):
        place -= 1
        fraction = _split(fraction, digits[:, place])
    while whole.any():
        place -= 1
        whole = _split(whole, digits[:, place])


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
