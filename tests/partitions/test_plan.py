"""A plan holds what is missing and nothing else."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.models.base import Interval
from warehouse.partitions.naming import Bounds, floor, following
from warehouse.partitions.plan import Partition, PartitionConflict, Policy, ahead, missing

TRADES = Policy("trading.trades", "executed_at", "month", premake=2)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def month(year: int, number: int) -> datetime:
    return datetime(year, number, 1, tzinfo=UTC)


def partition(year: int, number: int) -> Partition:
    end = month(year + number // 12, number % 12 + 1)
    return Partition(f"trades_p{year}{number:02d}01", Bounds(month(year, number), end))


def test_the_present_and_as_many_as_the_policy_says_are_made_ahead() -> None:
    names = [step.name for step in ahead(TRADES, [], NOW)]
    assert names == ["trades_p20261101", "trades_p20261201", "trades_p20270101"]


def test_a_gap_between_partitions_is_filled() -> None:
    there = [partition(2026, 8), partition(2026, 10), partition(2026, 11), partition(2026, 12)]
    names = [step.name for step in ahead(TRADES, there, NOW)]
    assert names == ["trades_p20260901", "trades_p20270101"]


def test_nothing_is_planned_where_nothing_is_missing() -> None:
    steps = ahead(TRADES, [], NOW)
    there = [Partition(step.name, step.bounds) for step in steps]
    assert ahead(TRADES, there, NOW) == []


def test_a_larger_partition_that_holds_the_window_will_do() -> None:
    year = Partition("trades_p2026", Bounds(month(2026, 1), month(2027, 1)))
    assert missing(TRADES, [year], month(2026, 3), month(2026, 5)) == []


def test_a_partition_across_the_bounds_is_refused_by_name() -> None:
    odd = Partition(
        "trades_odd",
        Bounds(datetime(2026, 11, 15, tzinfo=UTC), datetime(2026, 12, 15, tzinfo=UTC)),
    )
    with pytest.raises(PartitionConflict, match=r"trading\.trades_odd .* Nothing was made"):
        ahead(TRADES, [odd], NOW)


def test_a_hole_is_filled_piece_by_piece_but_never_across_a_neighbour() -> None:
    there = [
        partition(2026, 1),
        Partition("odd", Bounds(month(2026, 3), datetime(2026, 4, 10, tzinfo=UTC))),
    ]
    assert [s.name for s in missing(TRADES, there, month(2026, 1), month(2026, 4))] == [
        "trades_p20260201"
    ]
    with pytest.raises(PartitionConflict, match=r"trading\.odd"):
        missing(TRADES, there, month(2026, 1), month(2026, 5))


def test_five_thousand_partitions_are_looked_through_once() -> None:
    days = Policy("ops.system_logs", "logged_at", "day", premake=4)
    first = datetime(2013, 1, 1, tzinfo=UTC)
    steps = missing(days, [], first, first + timedelta(days=5000))
    there = [Partition(step.name, step.bounds) for step in steps]
    del there[2500]
    (step,) = missing(days, there, first, first + timedelta(days=5000))
    assert step.bounds.start == first + timedelta(days=2500)


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(2100, 12, 31), timezones=st.just(UTC))
    | st.sampled_from(
        [
            datetime(2024, 2, 29, 23, 59, 59, 999999, UTC),  # the leap day, to its last moment
            datetime(2100, 2, 28, 23, tzinfo=UTC),  # no leap year
            datetime(2026, 3, 29, 1, 30, tzinfo=UTC),  # clocks change in Europe
            datetime(2026, 11, 1, 6, 30, tzinfo=UTC),  # and in New York
            datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC),
            datetime(1970, 1, 1, tzinfo=UTC),
        ]
    ),
    st.sampled_from(get_args(Interval)),
)
def test_whatever_the_clock_says_now_is_covered_and_the_next_interval_adds_one(
    now: datetime, interval: Interval
) -> None:
    policy = Policy("market.ticks", "at", interval, premake=3)
    steps = ahead(policy, [], now)
    assert len(steps) == 4
    assert steps[0].bounds.start <= now < steps[0].bounds.end
    assert all(one.bounds.end == next_.bounds.start for one, next_ in pairwise(steps))
    there = [Partition(step.name, step.bounds) for step in steps]
    assert ahead(policy, there, now) == []
    assert len(ahead(policy, there, following(floor(now, interval), interval))) == 1
