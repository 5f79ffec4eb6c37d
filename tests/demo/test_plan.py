"""The plan is a promise: it names the steps, and about how many rows each will write."""

import pytest

from warehouse.demo import DEFAULT_SEED, DEFAULT_UNTIL, ScaleName
from warehouse.demo.binary import count
from warehouse.demo.load import Step, plan
from warehouse.demo.scale import SCALES
from warehouse.demo.steps import DataSet, Drawing


def steps(scale: ScaleName) -> list[Step]:
    return plan(scale, DEFAULT_SEED, DEFAULT_UNTIL)


def rows(scale: ScaleName, noun: str) -> int:
    return sum(step.rows for step in steps(scale) if step.name.startswith(noun))


@pytest.mark.parametrize("noun", ["reference", "marks", "bars", "options", "quotes", "trading"])
def test_what_is_planned_is_about_what_is_drawn(noun: str) -> None:
    drawing = Drawing(DataSet(ScaleName.TINY, DEFAULT_SEED, DEFAULT_UNTIL))
    drawn = sum(
        count(chunk.rows)
        for step in steps(ScaleName.TINY)
        if step.name.startswith(noun)
        for chunk in drawing.chunks(step)
        if chunk.rows
    )
    assert drawn == pytest.approx(rows(ScaleName.TINY, noun), rel=0.25)


def test_large_is_at_least_fifty_million_bars_and_ten_million_trades() -> None:
    assert rows(ScaleName.LARGE, "bars") >= 50_000_000
    # Of what trading writes, one row in eight is a trade; the share is the same at every scale.
    assert rows(ScaleName.LARGE, "trading") >= 80_000_000
    assert SCALES[ScaleName.LARGE].orders * 1.4 >= 10_000_000


def test_small_is_what_the_newcomer_waits_for() -> None:
    assert 900_000 <= rows(ScaleName.SMALL, "bars") <= 1_500_000
    assert sum(step.rows for step in steps(ScaleName.SMALL)) < 3_500_000


def test_steps_have_names_of_their_own() -> None:
    for scale in ScaleName:
        names = [step.name for step in steps(scale)]
        assert len(names) == len(set(names))
