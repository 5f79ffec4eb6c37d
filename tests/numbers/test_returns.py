"""Returns: what a day, many days and the money itself earned."""

import math
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import empyrical  # type: ignore[import-untyped]
import numpy as np
import pytest
import pyxirr
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import Connection

from tests.numbers.series import returns

FIRST_DAY = date(2020, 1, 1)


def daily_return(conn: Connection[Any], equity: Any, previous: Any, flow: Any) -> float | None:
    ask = "select portfolio.daily_return(%s::numeric, %s::numeric, %s::numeric)"
    [found] = conn.execute(ask, [equity, previous, flow]).fetchone() or []
    return None if found is None else float(found)


def linked(conn: Connection[Any], values: Sequence[float | None]) -> float:
    ask = "select portfolio.product(1 + r) - 1 from unnest(%s::double precision[]) as r"
    [found] = conn.execute(ask, [list(values)]).fetchone() or []
    return float(found)


@pytest.mark.parametrize(
    ("equity", "previous", "flow", "expected"),
    [
        (110, 100, 0, 0.1),
        (160, 100, 50, 160 / 150 - 1),  # a deposit works all day
        (60, 100, -50, 0.1),  # so does what is withdrawn at its end
        (101, 0, 100, 0.01),  # the first money
        (0, 100, -105, 0.05),  # the last money
        (0, 100, 0, -1),
        (-20, 100, 0, -1.2),  # a short may lose more than there was
        (0, 0, 0, None),
        (10, -5, 0, None),
        (None, 100, 0, None),
        (100, None, 50, None),
    ],
)
def test_the_return_of_a_day(
    numbers: Connection[Any], equity: Any, previous: Any, flow: Any, expected: float | None
) -> None:
    found = daily_return(numbers, equity, previous, flow)
    assert found == (None if expected is None else pytest.approx(expected, rel=1e-12))


moves = st.floats(-0.2, 0.2)
flows = st.integers(-40, 40) | st.just(0)


@settings(max_examples=100, deadline=None)
@given(history=st.lists(st.tuples(moves, flows), min_size=1, max_size=30))
def test_linked_returns_are_a_funds_price(numbers: Connection[Any], history: Any) -> None:
    """A fund sells units at yesterday's price for deposits, and buys them back at today's."""
    units, price = 100.0, 1.0
    equity, found = Decimal(100), []
    for move, flow in history:
        units += max(flow, 0) / price
        price *= 1 + move
        units += min(flow, 0) / price
        if units * price < 1:
            break
        previous, equity = equity, Decimal(units * price)
        found.append(daily_return(numbers, equity, previous, flow))
        assert linked(numbers, found) == pytest.approx(price - 1, rel=1e-9, abs=1e-12)


def test_days_without_a_return_link_as_if_they_were_not_there(numbers: Connection[Any]) -> None:
    assert linked(numbers, [0.1, None, 0.1]) == pytest.approx(0.21)
    assert linked(numbers, []) == 0


def test_linking_and_the_yearly_rate_are_empyricals(numbers: Connection[Any]) -> None:
    ask = (
        "select portfolio.product(1 + r), portfolio.annualized(portfolio.product(1 + r), count(r))"
        " from unnest(%s::double precision[]) as r"
    )
    for own, _ in returns(seed=1, count=200):
        [growth, yearly] = numbers.execute(ask, [own.tolist()]).fetchone() or []
        assert growth - 1 == pytest.approx(empyrical.cum_returns_final(own), rel=1e-9, abs=1e-12)
        assert yearly == pytest.approx(empyrical.annual_return(own), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("growth", "days", "expected"), [(0, 5, -1), (-0.5, 5, None), (1e9, 1, None), (1, 9, 0)]
)
def test_the_yearly_rate_of_what_cannot_go_on(
    numbers: Connection[Any], growth: float, days: int, expected: float | None
) -> None:
    assert numbers.execute("select portfolio.annualized(%s, %s)", [growth, days]).fetchone() == (
        expected,
    )


def xirr(conn: Connection[Any], days: Sequence[date], amounts: Sequence[Any]) -> float | None:
    ask = "select portfolio.xirr(%s::date[], %s::numeric[])"
    [found] = conn.execute(ask, [list(days), list(amounts)]).fetchone() or []
    return None if found is None else float(found)


@settings(max_examples=300, deadline=None)
@given(
    deposits=st.lists(
        st.tuples(st.integers(0, 2_000), st.integers(1, 1_000)), min_size=1, max_size=12
    ),
    withdrawals=st.lists(
        st.tuples(st.integers(0, 400), st.integers(1, 1_000)), min_size=1, max_size=12
    ),
)
def test_the_rate_on_the_money_is_pyxirrs(
    numbers: Connection[Any], deposits: Any, withdrawals: Any
) -> None:
    """Money goes in and comes out later, so that one rate answers."""
    turn = max(day for day, _ in deposits) + 365
    flows = [(day, -amount) for day, amount in deposits]
    flows += [(turn + day, amount) for day, amount in withdrawals]
    days = [FIRST_DAY + timedelta(days=day) for day, _ in flows]
    amounts = [Decimal(amount) for _, amount in flows]
    found = xirr(numbers, days, amounts)
    assert found is not None
    worth = [
        float(a) * (1 + found) ** (-(d - min(days)).days / 365)
        for d, a in zip(days, amounts, strict=True)
    ]
    assert math.fsum(worth) == pytest.approx(0, abs=1e-9 * sum(map(abs, worth)))
    theirs = pyxirr.xirr(days, amounts)
    if theirs is not None and abs(theirs) > 1e-9:  # it gives up on some that we find
        # Near nothing it stops at what is left of the flows; ours was held to that above.
        assert found == pytest.approx(theirs, rel=1e-6, abs=1e-8)


def test_the_rate_of_a_quick_win_and_of_a_quick_loss(numbers: Connection[Any]) -> None:
    span = [FIRST_DAY, FIRST_DAY + timedelta(days=73)]
    assert xirr(numbers, span, [-10, 70]) == pytest.approx(7**5 - 1)
    assert xirr(numbers, span, [-10, 5]) == pytest.approx(0.5**5 - 1)
    assert xirr(numbers, span, [10, -5]) == pytest.approx(0.5**5 - 1)  # money borrowed


def test_the_rate_of_many_small_flows(numbers: Connection[Any]) -> None:
    draw = np.random.default_rng(3)
    days = [FIRST_DAY + timedelta(days=int(day)) for day in np.sort(draw.integers(0, 3_000, 200))]
    amounts = [*(-draw.integers(1, 1_000, 199)).tolist(), 150_000]
    assert xirr(numbers, days, amounts) == pytest.approx(pyxirr.xirr(days, amounts), rel=1e-9)


@pytest.mark.parametrize(
    ("days", "amounts"),
    [
        ([], []),
        ([0], [-100]),
        ([0, 0], [-100, 110]),  # no time passed
        ([0, 365], [-100, -10]),
        ([0, 365], [-100, 0]),
        ([0, 365, 730], [-100, 230, -132]),  # 10 % and 20 % both answer
    ],
)
def test_flows_without_one_rate(
    numbers: Connection[Any], days: list[int], amounts: list[int]
) -> None:
    assert xirr(numbers, [FIRST_DAY + timedelta(days=day) for day in days], amounts) is None
