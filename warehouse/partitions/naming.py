"""Where time is cut and what the pieces are called: pg_partman 5's names, bounds in UTC. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from psycopg import sql

from warehouse.models.base import Interval

NAME_LIMIT = 63  # PostgreSQL cuts longer identifiers without a word


class Suffix(NamedTuple):
    """How a partition's name tells its start: for Python, and for pg_partman."""

    strftime: str
    to_char: str


_DAY = Suffix("%Y%m%d", "YYYYMMDD")
SUFFIXES: dict[Interval, Suffix] = {
    "hour": Suffix("%Y%m%d_%H%M%S", "YYYYMMDD_HH24MISS"),
    "day": _DAY,
    "week": _DAY,
    "month": _DAY,
    "quarter": _DAY,
    "year": _DAY,
}


@dataclass(frozen=True, order=True)
class Bounds:
    """A half-open window [start, end)."""

    start: datetime
    end: datetime


def floor(moment: datetime, interval: Interval) -> datetime:
    """Start of the interval that holds the moment; weeks start on Monday."""
    moment = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if interval == "hour":
        return moment
    day = moment.replace(hour=0)
    match interval:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=day.month - (day.month - 1) % 3, day=1)
        case "year":
            return day.replace(month=1, day=1)


def following(start: datetime, interval: Interval) -> datetime:
    """Start of the next interval; the spans are long enough to land inside it from any start."""
    spans = {"hour": 1 / 24, "day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
    return floor(start + timedelta(days=spans[interval]), interval)


def windows(start: datetime, end: datetime, interval: Interval) -> Iterator[Bounds]:
    """The intervals that together hold [start, end)."""
    lower = floor(start, interval)
    while lower < end:
        upper = following(lower, interval)
        yield Bounds(lower, upper)
        lower = upper


def partition_name(table: str, bounds: Bounds, interval: Interval) -> str:
    """`trades_p20260101`; below a day `trades_p20260101_140000`; the table's part is cut to fit."""
    suffix = bounds.start.strftime(f"_p{SUFFIXES[interval].strftime}")
    return table[: NAME_LIMIT - len(suffix)] + suffix


def named_bounds(table: str, name: str, interval: Interval) -> Bounds | None:
    """The window that a partition's name tells, or None where it is no such name."""
    stamp = name.rpartition("_p")[2]
    try:
        start = datetime.strptime(stamp, SUFFIXES[interval].strftime).replace(tzinfo=UTC)
    except ValueError:
        return None
    bounds = Bounds(start, following(start, interval))
    return bounds if partition_name(table, bounds, interval) == name else None


def quoted(qualified: str) -> str:
    """A schema.table as to_regclass reads it, whatever it is called."""
    schema, _, name = qualified.partition(".")
    return sql.Identifier(schema, name).as_string()
