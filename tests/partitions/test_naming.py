"""Time is cut without a gap or an overlap, in UTC, and the pieces carry pg_partman's names."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.models.base import Interval
from warehouse.partitions.naming import Bounds, floor, following, partition_name, windows

INTERVALS = get_args(Interval)
moments = st.datetimes(
    min_value=datetime(1970, 1, 1),
    max_value=datetime(2100, 12, 31),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=14))]),
)


@given(moments, st.sampled_from(INTERVALS))
def test_every_moment_lies_in_exactly_the_window_that_starts_at_its_floor(
    moment: datetime, interval: Interval
) -> None:
    start = floor(moment, interval)
    assert start <= moment < following(start, interval)
    assert floor(start, interval) == start
    assert start.tzinfo is UTC


@given(moments, st.timedeltas(timedelta(0), timedelta(days=40)), st.sampled_from(INTERVALS[1:]))
def test_windows_cover_a_span_and_touch_without_overlap(
    start: datetime, span: timedelta, interval: Interval
) -> None:
    found = list(windows(start, start + span, interval))
    if span:
        assert found[0].start <= start
        assert found[-1].end >= start + span
    assert all(one.end == next_.start for one, next_ in pairwise(found))


@pytest.mark.parametrize(
    ("interval", "start", "end"),
    [
        ("month", datetime(2024, 2, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)),
        ("week", datetime(2024, 2, 26, tzinfo=UTC), datetime(2024, 3, 4, tzinfo=UTC)),
        ("quarter", datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC)),
        ("year", datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)),
        ("day", datetime(2024, 2, 29, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)),
    ],
)
def test_a_leap_day_falls_where_the_calendar_says(
    interval: Interval, start: datetime, end: datetime
) -> None:
    moment = datetime(2024, 2, 29, 23, 59, tzinfo=UTC)
    assert Bounds(floor(moment, interval), following(moment, interval)) == Bounds(start, end)


def test_names_are_pg_partmans() -> None:
    start = datetime(2026, 1, 1, 14, tzinfo=UTC)
    bounds = Bounds(start, start + timedelta(hours=1))
    assert partition_name("trades", bounds, "month") == "trades_p20260101"
    assert partition_name("trades", bounds, "hour") == "trades_p20260101_140000"


def test_a_long_tables_name_is_cut_so_that_the_start_is_always_told() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    name = partition_name("t" * 60, Bounds(start, start), "month")
    assert len(name) == 63
    assert name.endswith("_p20260101")
