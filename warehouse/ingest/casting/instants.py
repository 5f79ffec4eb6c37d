"""Dates and instants: with a zone, local to one, or counted since 1970; stored in UTC to the microsecond."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from warehouse.ingest.casting.cells import (
    Cells,
    Faults,
    Mask,
    as_text,
    is_text,
    marked,
    present,
    quoted,
    shown,
    tried,
    without,
)
from warehouse.ingest.casting.numerals import double

INSTANT = pa.timestamp("us", "UTC")
LOCAL = pa.timestamp("us")
# Years outside are slips of a unit or of a finger, and each would ask for a partition of its own.
FIRST_YEAR, LAST_YEAR = 1900, 2199
PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
ZONED = r"[0-9]:[0-9]{2}(:[0-9]{2})?(\.[0-9]+)? ?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)$"
TIME_ALONE = r"^[0-9]{2}:[0-9]{2}"
BARE = "is a bare number; name its unit with --unit or in the mapping"
OTHERWISE = "if it is written in another way, name its format in the mapping"
PYTHON_ONLY = ("%f", "%z")  # pyarrow's strptime knows neither

Part = Callable[[pa.Array], pa.Array]


@dataclass(frozen=True)
class Clock:
    """How a file tells time."""

    zone: str | None = None
    unit: Literal["s", "ms", "us", "ns"] | None = None
    format: str | None = None
    ambiguous: Literal["earliest", "latest"] | None = None
    day: date | None = None  # of times that name none


def instants(values: pa.Array, clock: Clock, latest: datetime | None = None) -> Cells:
    """Moments in UTC; none later than `latest`."""
    kind = values.type
    if pa.types.is_timestamp(kind) and kind.tz:
        cells = Cells(pc.cast(values, INSTANT, safe=False))
    elif pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        cells = _localized(Cells(pc.cast(values, LOCAL, safe=False)), clock)
    elif clock.unit:
        cells = _likely(values, _counted(values, clock.unit))
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind):
        cells = _bare(values)
    else:
        texts, faults = as_text(values)
        cells = _told(texts, clock)
        cells.faults.update(faults)
    return _bounded(values, cells, latest)


def dates(values: pa.Array, clock: Clock) -> Cells:
    """Calendar days."""
    if pa.types.is_temporal(values.type):
        cells = tried(values, lambda part: pc.cast(part, pa.date32()), pa.date32(), _no_date)
        return _bounded(values, cells, None)
    texts, faults = as_text(values)
    parse = _by_format(clock.format) if clock.format else (lambda part: part)
    why = _not_like(clock.format) if clock.format else _no_date
    cells = tried(texts, lambda part: pc.cast(parse(part), pa.date32()), pa.date32(), why)
    cells.faults.update(faults)
    return _bounded(values, cells, None)


def _no_date(value: object) -> str:
    return f"{quoted(value)} is no date; {OTHERWISE}"


def _no_time(value: object) -> str:
    if str(value).strip().replace(".", "", 1).isdigit():
        return BARE
    if re.match(TIME_ALONE, str(value).strip()):
        return f"{quoted(value)} names no day; say it with --date or in the mapping"
    return f"{quoted(value)} is no time; {OTHERWISE}"


def _not_like(form: str) -> Callable[[object], str]:
    return lambda value: f"{quoted(value)} is not written as {form} says"


# -- texts -----------------------------------------------------------------------------------------


def _told(texts: pa.Array, clock: Clock) -> Cells:
    if clock.day:
        texts, clock = _dated(texts, clock)
    if clock.format:
        parse = _by_format(clock.format)
        if "%z" in clock.format:
            return tried(texts, parse, INSTANT, _not_like(clock.format))
        return _localized(tried(texts, parse, LOCAL, _not_like(clock.format)), clock)
    try:
        return Cells(pc.cast(texts, INSTANT))
    except pa.ArrowInvalid:
        return _mixed(texts, clock)


def _dated(texts: pa.Array, clock: Clock) -> tuple[pa.Array, Clock]:
    """Times of a session, with its day before them."""
    dated = pc.binary_join_element_wise(str(clock.day), texts, " ")
    if clock.format:
        if any(each in clock.format for each in ("%d", "%m", "%y", "%Y")):
            return texts, clock
        return dated, replace(clock, format=f"%Y-%m-%d {clock.format}")
    return pc.if_else(pc.match_substring_regex(texts, TIME_ALONE), dated, texts), clock


def _mixed(texts: pa.Array, clock: Clock) -> Cells:
    """Some with a zone and some without, some finer than a microsecond, some no times."""
    plain = pc.utf8_trim_whitespace(texts)
    plain = pc.replace_substring_regex(plain, r"(\.[0-9]{6})[0-9]+", r"\1")
    plain = pc.replace_substring_regex(plain, r" ?[Zz]$", "Z")
    zoned = pc.match_substring_regex(plain, ZONED).fill_null(False).to_numpy(zero_copy_only=False)
    with_zone = tried(without(plain, ~zoned), lambda p: pc.cast(p, INSTANT), INSTANT, _no_time)
    local = tried(without(plain, zoned), lambda p: pc.cast(p, LOCAL), LOCAL, _no_time)
    local = _localized(local, clock)
    values = pc.if_else(pa.array(zoned), with_zone.values, local.values)
    return Cells(values, {**with_zone.faults, **local.faults})


def _by_format(form: str) -> Part:
    if not any(each in form for each in PYTHON_ONLY):
        return lambda part: pc.strptime(part, form, "us")

    def parse(part: pa.Array) -> pa.Array:
        try:
            moments = [v and datetime.strptime(v, form) for v in part.to_pylist()]  # noqa: DTZ007 - the zone is the clock's
        except ValueError as error:
            raise pa.ArrowInvalid(str(error)) from error
        return pa.array(moments, INSTANT if "%z" in form else LOCAL)

    return parse


# -- local times -----------------------------------------------------------------------------------


def _localized(local: Cells, clock: Clock) -> Cells:
    """In a zone: an hour that the clocks skip is no time, one they repeat is two."""
    if clock.zone is None:
        why = "has no time zone; name it with --zone or in the mapping"
        there = present(local.values)
        faults = local.faults | dict.fromkeys(marked(there), why)
        return Cells(pa.nulls(len(local.values), INSTANT), faults)
    try:
        moments = pc.assume_timezone(local.values, clock.zone, ambiguous=clock.ambiguous or "raise")
        return Cells(pc.cast(moments, INSTANT), local.faults)
    except (pa.ArrowInvalid, ValueError):
        return _around_changes(local, clock)


def _around_changes(local: Cells, clock: Clock) -> Cells:
    zone = clock.zone
    early, late = (
        pc.assume_timezone(local.values, zone, ambiguous=side, nonexistent=side)
        for side in ("earliest", "latest")
    )
    moved = _mask(pc.not_equal(early, late))
    skipped = moved & _mask(pc.not_equal(pc.local_timestamp(early), local.values))
    repeated = moved & ~skipped if clock.ambiguous is None else np.zeros(len(moved), bool)
    faults: Faults = dict(local.faults)
    for row in marked(skipped):
        faults[row] = f"{quoted(local.values[row])} is skipped in {zone} when the clocks go forward"
    for row in marked(repeated):
        faults[row] = (
            f"{quoted(local.values[row])} comes twice in {zone} when the clocks go back; "
            'say which with ambiguous = "earliest" or "latest"'
        )
    chosen = late if clock.ambiguous == "latest" else early
    return Cells(without(pc.cast(chosen, INSTANT), skipped | repeated), faults)


# -- counts ----------------------------------------------------------------------------------------


def _counted(values: pa.Array, unit: str) -> Cells:
    """Seconds or parts of them since 1970; what is finer than a microsecond is cut."""
    if pa.types.is_integer(values.type):
        return Cells(_since_1970(pc.cast(values, pa.int64()), unit))
    texts, faults = (values, {}) if not is_text(values) else as_text(values)
    try:
        whole = pc.cast(texts, pa.int64())
    except pa.ArrowInvalid:
        cells = double(values)
        micros = pc.round(pc.multiply(cells.values, 1_000_000 / PER_SECOND[unit]))
        far = _mask(pc.greater(pc.abs(micros), 9e18))
        return Cells(pc.cast(pc.cast(without(micros, far), pa.int64()), INSTANT), cells.faults)
    return Cells(_since_1970(whole, unit), faults)


def _likely(given: pa.Array, cells: Cells) -> Cells:
    """Counts in a smaller unit than is told all lie within days of 1970."""
    start, end = (pa.scalar(datetime(1970, month, 1, tzinfo=UTC), INSTANT) for month in (1, 2))
    values = cells.values
    early = _mask(pc.and_(pc.greater_equal(values, start), pc.less(values, end)))
    if not early.any() or (present(values) & ~early).any():
        return cells
    why = "would be in January 1970, like all around it; is the unit right?"
    faults = cells.faults | {row: f"{shown(given, row)} {why}" for row in marked(early)}
    return Cells(without(values, early), faults)


def _since_1970(counts: pa.Array, unit: str) -> pa.Array:
    bound = np.iinfo(np.int64).max // 1_000_000
    if unit in ("s", "ms"):
        counts = pc.min_element_wise(pc.max_element_wise(counts, -bound), bound, skip_nulls=False)
        counts = pc.multiply(counts, 1_000_000 // PER_SECOND[unit])
    elif unit == "ns":
        counts = pc.divide(counts, 1_000)
    return pc.cast(counts, INSTANT)


def _bare(values: pa.Array) -> Cells:
    return Cells(pa.nulls(len(values), INSTANT), dict.fromkeys(marked(present(values)), BARE))


# -- bounds ----------------------------------------------------------------------------------------


def _bounded(given: pa.Array, cells: Cells, latest: datetime | None) -> Cells:
    kind = cells.values.type
    low, high = (
        pa.scalar(datetime(year, 1, 1, tzinfo=UTC), INSTANT).cast(kind)
        for year in (FIRST_YEAR, LAST_YEAR + 1)
    )
    outside = _mask(pc.or_(pc.less(cells.values, low), pc.greater_equal(cells.values, high)))
    faults = dict(cells.faults)
    for row in marked(outside):
        faults[row] = f"{shown(given, row)} lies outside the years {FIRST_YEAR} to {LAST_YEAR}"
    if latest is not None:
        late = _mask(pc.greater(cells.values, pa.scalar(latest, INSTANT))) & ~outside
        faults |= {row: f"{shown(given, row)} lies in the future" for row in marked(late)}
        outside |= late
    return Cells(without(cells.values, outside) if outside.any() else cells.values, faults)


def _mask(values: pa.Array) -> Mask:
    mask: Mask = pc.fill_null(values, False).to_numpy(zero_copy_only=False)
    return mask
