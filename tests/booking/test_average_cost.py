"""The server's average cost is what others who keep books come to."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from beancount.core.amount import Amount
from beancount.core.inventory import Inventory
from beancount.core.position import Cost
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.booking.conftest import Desk
from warehouse.demo.trading.positions import AVERAGE_PLACES, PRICE_PLACES, QUANTITY_PLACES, decimal
from warehouse.demo.trading.positions import Position as DemoPosition

Fills = list[tuple[Decimal, Decimal]]  # signed quantity, price

FOLD = """
select trading.average_cost(f.quantity, f.price order by f.place)
from unnest(%s::numeric[], %s::numeric[]) with ordinality as f (quantity, price, place)
"""
quantities = st.decimals("-1000", "1000", places=QUANTITY_PLACES).filter(bool)
prices = st.decimals("0.0001", "10000", places=PRICE_PLACES)
histories = st.lists(st.tuples(quantities, prices), min_size=1, max_size=30)


def folded(desk: Desk, fills: Fills) -> list[Decimal]:
    (held,) = desk.one(FOLD, [q for q, _ in fills], [p for _, p in fills])
    return list(held)


def lots_of(held: Inventory) -> list[Any]:
    return list(held.get_positions())  # type: ignore[no-untyped-call]


def in_beancount(fills: Fills) -> Iterator[tuple[Decimal, Decimal]]:
    """Quantity and average after each fill, from inventories whose lots are merged to their average."""
    held = Inventory()
    for quantity, price in fills:
        rest = quantity
        for lot in lots_of(held):
            if lot.units.number * rest < 0:
                closing = min(abs(rest), abs(lot.units.number)).copy_sign(rest)
                held.add_amount(Amount(closing, "ABC"), lot.cost)
                rest -= closing
        if rest:
            held.add_amount(Amount(rest, "ABC"), Cost(price, "USD", date(2026, 1, 1), None))
        held = held.average()  # type: ignore[no-untyped-call]
        lots = [(lot.units.number, lot.cost.number) for lot in lots_of(held)]
        yield lots[0] if lots else (Decimal(0), Decimal(0))


def test_average_and_profit_agree_with_beancount(desk: Desk) -> None:
    @settings(max_examples=60, deadline=None)
    @given(histories)
    def agree(fills: Fills) -> None:
        states = [(Decimal(0), Decimal(0)), *in_beancount(fills)]
        quantity, average, realized = folded(desk, fills)
        assert quantity == states[-1][0]
        if quantity:
            assert average == pytest.approx(states[-1][1], abs=Decimal("1e-8"))
        # What closed leaves the books at its cost: the profit is the cash less what the books lost.
        profit = sum(
            after[0] * after[1] - before[0] * before[1] - change * price
            for (before, after), (change, price) in zip(pairwise(states), fills, strict=True)
        )
        assert realized == pytest.approx(profit, abs=Decimal("1e-4"))

    agree()


def test_the_demo_books_as_the_server_does(desk: Desk) -> None:
    @settings(max_examples=60, deadline=None)
    @given(histories)
    def agree(fills: Fills) -> None:
        position = DemoPosition()
        for quantity, price in fills:
            position.book(int(quantity.scaleb(QUANTITY_PLACES)), int(price.scaleb(PRICE_PLACES)), 1)
        quantity, average, realized = folded(desk, fills)
        assert quantity == decimal(position.quantity, QUANTITY_PLACES)
        assert realized == decimal(position.realized, AVERAGE_PLACES + QUANTITY_PLACES)
        if quantity:
            assert average == decimal(position.average, AVERAGE_PLACES)

    agree()


def test_a_tie_is_rounded_up_and_a_quotient_is_rounded_once(desk: Desk) -> None:
    tie = [(Decimal(1), Decimal("0.0000000001")), (Decimal(1), Decimal("0.0000000002"))]
    assert folded(desk, tie)[1] == Decimal("0.0000000002")
    # 0.49999…: to 16 digits it would be a half, and a half would be rounded up.
    many = Decimal(3 * 10**20 + 1)
    below = [(many, Decimal("0.0000000001")), (many - 2, Decimal("0.0000000002"))]
    assert folded(desk, below)[1] == Decimal("0.0000000001")


def test_prices_finer_than_the_average_keep_their_digits(desk: Desk) -> None:
    fine = [(Decimal(1), Decimal("0.000000000012")), (Decimal(3), Decimal("0.000000000016"))]
    assert folded(desk, fine) == [4, Decimal("0.000000000015"), 0]
