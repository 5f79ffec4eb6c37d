"""Splits: more units at a lower price, the same cost; exact wherever a run starts."""

from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import Connection

START = datetime(2026, 1, 5, tzinfo=UTC)
MATCH = """
    select m.quantity, m.fifo_cost, m.fifo_pnl, m.average_price, m.average_pnl, m.opened_total, m.closed_total
    from trading.match_lots(
        array(
            select row(t.at, t.id, t.quantity, t.price)::trading.lot
            from unnest(%(at)s::timestamptz[], %(id)s::bigint[], %(quantity)s::numeric[], %(price)s::numeric[])
                as t (at, id, quantity, price)
        ),
        null,
        array(
            select row(s.at, s.ratio)::trading.split
            from unnest(%(split_at)s::timestamptz[], %(ratio)s::numeric[]) as s (at, ratio)
        ),
        null
    ) as m
"""
Trade = tuple[int, Decimal, Decimal]  # hour, quantity, price
Split = tuple[int, Decimal]  # hour, ratio


def matched(
    numbers: Connection[Any], trades: Sequence[Trade], splits: Sequence[Split]
) -> list[tuple[Any, ...]]:
    hours, quantities, prices = zip(*trades, strict=True)
    values = {
        "at": [START + timedelta(hours=hour) for hour in hours],
        "id": list(range(len(trades))),
        "quantity": list(quantities),
        "price": list(prices),
        "split_at": [START + timedelta(hours=hour) for hour, _ in splits],
        "ratio": [ratio for _, ratio in splits],
    }
    return numbers.execute(MATCH, values).fetchall()


def by_hand(trades: Sequence[Trade], splits: Sequence[Split]) -> list[tuple[Fraction, ...]]:
    """Lots in fractions; what a split does to each is done to it at once."""
    due, lots, found = deque(splits), deque[list[Fraction]](), []
    for hour, size, paid in trades:
        while due and due[0][0] <= hour:
            ratio = Fraction(due.popleft()[1])
            lots = deque([quantity * ratio, price / ratio] for quantity, price in lots)
        left, price, profit = Fraction(size), Fraction(paid), Fraction(0)
        while left and lots and lots[0][0] * left < 0:
            quantity, cost = lots[0]
            part = min(abs(quantity), abs(left)) * (1 if quantity > 0 else -1)
            profit += part * (price - cost)
            left += part
            lots[0][0] -= part
            if not lots[0][0]:
                lots.popleft()
        if left:
            lots.append([left, price])
        found.append((sum(q for q, _ in lots), sum(q * p for q, p in lots), profit))
    return [tuple(map(Fraction, row)) for row in found]


def test_one_share_becomes_four(numbers: Connection[Any]) -> None:
    hundred, four = Decimal(100), Decimal(4)
    trades = [(0, hundred, Decimal(400)), (30, Decimal(-200), Decimal(110))]
    assert matched(numbers, trades, [(24, four)]) == [
        (100, 40000, 0, 400, 0, 100, 0),
        (200, 20000, 2000, 100, 2000, 400, 200),
    ]


def test_a_short_is_split_too_and_a_flat_book_is_not(numbers: Connection[Any]) -> None:
    ten = Decimal(10)
    trades = [(0, -ten, ten), (30, Decimal(1), Decimal(50)), (60, ten, ten)]
    rows = matched(numbers, trades, [(24, Decimal("0.1")), (50, Decimal(7))])
    assert [row[:3] for row in rows] == [(-10, -100, 0), (0, 0, 50), (10, 100, 0)]


SIZES = st.integers(-500, 500).filter(bool).map(lambda size: Decimal(size) / 10)
PRICES = st.integers(1, 99_999).map(lambda ticks: Decimal(ticks) / 100)
RATIOS = st.sampled_from([Decimal(each) for each in ("2", "3", "4", "0.1", "1.5", "0.3333")])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 240), SIZES, PRICES), min_size=1, max_size=15),
    st.lists(st.tuples(st.integers(0, 240), RATIOS), max_size=4, unique_by=lambda split: split[0]),
)
def test_any_history_comes_to_what_fractions_say(
    numbers: Connection[Any], trades: list[Trade], splits: list[Split]
) -> None:
    trades.sort(key=lambda trade: trade[0])
    splits.sort()
    for row, oracle in zip(matched(numbers, trades, splits), by_hand(trades, splits), strict=True):
        quantity, cost, profit = map(Fraction, row[:3])
        assert quantity == oracle[0]
        assert abs(cost - oracle[1]) < Fraction(1, 10**12)
        assert abs(profit - oracle[2]) < Fraction(1, 10**12)
