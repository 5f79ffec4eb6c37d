"""A plan holds what is missing and nothing else."""

from datetime import UTC, datetime

import pytest

from warehouse.partitions.naming import Bounds
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
