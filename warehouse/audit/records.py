"""Reads a row as PostgreSQL sends it in binary, for people: `record_send` of an anonymous record.

Only the standard library is used here, so that a proof can be read anywhere. A type that is not known
is shown as its octets.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from struct import unpack, unpack_from
from typing import Any

EPOCH = datetime(2000, 1, 1, tzinfo=timezone.utc)  # noqa: UP017 - any Python may check a proof
DAY = date(2000, 1, 1)
LAST, LAST_DAY = (1 << 63) - 1, (1 << 31) - 1
NAN, PLUS, MINUS = 0xC000, 0xD000, 0xF000
NEGATIVE = 0x4000


def read(record: bytes, columns: Sequence[str]) -> dict[str, Any]:
    """A record's values under the names of its columns."""
    values = fields(record)
    if len(values) != len(columns):
        raise ValueError(f"a row of {len(values)} values for {len(columns)} columns")
    return dict(zip(columns, values, strict=True))


def fields(record: bytes) -> list[Any]:
    """The values of a record."""
    (count,), at, values = unpack_from(">i", record), 4, []
    for _ in range(count):
        oid, size = unpack_from(">Ii", record, at)
        at += 8
        values.append(None if size < 0 else value(oid, record[at : at + size]))
        at += max(size, 0)
    if at != len(record):
        raise ValueError("octets behind the last value")
    return values


def value(oid: int, octets: bytes) -> Any:
    """A value as JSON has it; numerics, instants and days as text."""
    return READERS.get(oid, bytes.hex)(octets)


def _integer(octets: bytes) -> int:
    return int.from_bytes(octets, "big", signed=True)


def _numeric(octets: bytes) -> str:
    """With the scale that it was given: groups of four decimal digits, and where the point is."""
    count, weight, sign, scale = unpack_from(">hhHh", octets)
    if sign in (NAN, PLUS, MINUS):
        return {NAN: "NaN", PLUS: "Infinity", MINUS: "-Infinity"}[sign]
    groups = [*unpack_from(f">{count}h", octets, 8)]
    groups += [0] * (weight + 1 - len(groups))
    whole = "".join(f"{group:04}" for group in groups[: weight + 1]).lstrip("0") or "0"
    behind = "0000" * (-weight - 1) + "".join(f"{g:04}" for g in groups[max(weight + 1, 0) :])
    point = f".{behind.ljust(scale, '0')[:scale]}" if scale else ""
    return f"{'-' if sign == NEGATIVE else ''}{whole}{point}"


def _instant(octets: bytes) -> str:
    microseconds = _integer(octets)
    if abs(microseconds) >= LAST:
        return "infinity" if microseconds > 0 else "-infinity"
    try:
        return (EPOCH + timedelta(microseconds=microseconds)).isoformat()
    except OverflowError:
        return f"{microseconds} µs from 2000"


def _day(octets: bytes) -> str:
    days = _integer(octets)
    if abs(days) >= LAST_DAY:
        return "infinity" if days > 0 else "-infinity"
    try:
        return (DAY + timedelta(days=days)).isoformat()
    except OverflowError:
        return f"{days} days from 2000"


def _array(octets: bytes) -> Any:
    dimensions, _, oid = unpack_from(">iiI", octets)
    if dimensions == 0:
        return []
    if dimensions > 1:
        return octets.hex()
    (count,), at, items = unpack_from(">i", octets, 12), 20, []
    for _ in range(count):
        (size,) = unpack_from(">i", octets, at)
        at += 4
        items.append(None if size < 0 else value(oid, octets[at : at + size]))
        at += max(size, 0)
    return items


READERS: Mapping[int, Callable[[bytes], Any]] = {
    16: lambda octets: octets != b"\x00",  # boolean
    20: _integer,  # bigint
    21: _integer,  # smallint
    23: _integer,  # integer
    25: bytes.decode,  # text
    114: json.loads,  # json
    700: lambda octets: unpack(">f", octets)[0],  # real
    701: lambda octets: unpack(">d", octets)[0],  # double precision
    1009: _array,  # text[]
    1016: _array,  # bigint[]
    1043: bytes.decode,  # varchar
    1082: _day,  # date
    1184: _instant,  # timestamptz
    1700: _numeric,  # numeric
    3802: lambda octets: json.loads(octets[1:]),  # jsonb, behind its version
}
