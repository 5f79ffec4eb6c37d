"""A figure stands beside its baseline, and a ratio that means nothing is not told."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from psycopg import connect

from bench.measure import Bench, Result, Scale, at_least, at_most
from warehouse.db.target import Target, primary

STEADY = Result(
    "a load", "rows/s", [110, 100, 90], [200, 210, 190], "COPY", at_least(0.4), (7, "files")
)
WILD = replace(STEADY, ours=[10, 100, 1000])


@pytest.fixture
def bench() -> Bench:
    return Bench(Target("", "nowhere"), "", Scale.SMALL, lambda _: None)


def test_ways_take_turns_and_the_warm_rounds_do_not_count(bench: Bench) -> None:
    order: list[str] = []

    def way(name: str) -> Callable[[], float]:
        def work() -> float:
            order.append(name)
            return len(order)

        return work

    found = bench.turns({"A": way("A"), "B": way("B")}, rounds=2, warm=1)
    assert order == ["A", "B", "A", "B", "A", "B"]
    assert found == {"A": [3, 5], "B": [4, 6]}


def test_a_ratio_is_made_round_by_round() -> None:
    """A slow machine slows both: medians of each by themselves would say 0.5."""
    result = Result("x", "s", [1, 4, 9], [2, 5, 10], "y")
    assert result.ratio
    assert (result.ratio.median, result.ratio.low, result.ratio.high) == (0.8, 0.5, 0.9)


def test_a_ratio_is_refused_when_its_rounds_disagree_and_nothing_is_said_of_the_target() -> None:
    assert STEADY.ratio
    assert STEADY.met is True
    assert WILD.ratio is None
    assert WILD.met is None
    assert "no ratio: over 3 rounds it went from 0.05 to 5.26" in WILD.remark


def test_one_outlier_among_many_rounds_does_not_spoil_a_ratio() -> None:
    result = replace(STEADY, ours=[100] * 9 + [5], baseline=[200] * 10)
    assert result.ratio
    assert result.ratio.low == 0.025
    assert result.met is True


def test_a_ratio_of_nothing_is_refused() -> None:
    assert replace(STEADY, ours=[0, 0, 0]).ratio is None


def test_without_a_baseline_the_target_is_of_the_figure_itself() -> None:
    assert Result("plan", "s", [0.2, 0.3, 0.4], aim=at_most(0.3)).met is True
    assert Result("plan", "s", [0.2, 0.31, 0.4], aim=at_most(0.3)).met is False
    assert Result("plan", "s", [0.2]).met is None


def test_a_record_has_medians() -> None:
    record = replace(STEADY, baseline=[200, 200, 200]).record()
    assert record == {
        "name": "a load at 7 files",
        "unit": "rows/s",
        "ours": 100,
        "baseline": 200,
        "ratio": 0.5,
        "target": "≥ 0.4",
        "met": True,
    }
    assert WILD.record()["ratio"] is None


def test_what_several_begin_with_is_made_once_and_each_has_a_copy(
    server: Target, template: str
) -> None:
    made: list[str] = []

    def fill(_: Bench, target: Target) -> None:
        made.append(target.conninfo)
        with connect(**target.keywords()) as conn:
            conn.execute("create table had (n integer)")

    bench = Bench(server, template, Scale.SMALL, lambda _: None)
    with bench.kept:
        for _ in range(2):
            with bench.database(fill) as target, connect(**target.keywords()) as conn:
                assert primary().keywords()["dbname"] == target.keywords()["dbname"]
                conn.execute("insert into had values (1)")
                assert conn.execute("select count(*) from had").fetchone() == (1,)
                conn.commit()
    assert len(made) == 1
