"""Lots: what each trade closes, first in first out and at average cost, exact and resumable anywhere."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
from beancount.core.amount import Amount
from beancount.core.inventory import Inventory
from beancount.core.position import Cost
from beancount.loader import load_string
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import Connection
from psycopg.types.composite import CompositeInfo, register_composite

DAY = timedelta(days=1)
START = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)
MATCH = """
    select m.* from trading.match_lots(array(
        select row(t.at, t.id, t.quantity, t.price)::trading.lot
        from unnest(%s::timestamptz[], %s::bigint[], %s::numeric[], %s::numeric[])
            as t (at, id, quantity, price)
    ), %s::trading.book) as m
"""


class Lot(NamedTuple):
    executed_at: datetime
    trade_id: int
    quantity: Decimal
    price: Decimal


class Book(NamedTuple):
    opened_total: Decimal
    closed_total: Decimal
    average_price: Decimal | None
    open_lots: list[Lot]


class Matched(NamedTuple):
    """A row; its numbers are Decimals, compared here with fractions and whole numbers."""

    executed_at: datetime
    trade_id: int
    opened_quantity: Any
    closed_quantity: Any
    opened_total: Any
    closed_total: Any
    quantity: Any
    average_price: Any
    fifo_cost: Any
    open_since: datetime | None
    average_pnl: Any
    fifo_pnl: Any
    held_seconds: Any
    closed_lots: Any


@pytest.fixture(scope="module")
def desk(numbers: Connection[Any]) -> Connection[Any]:
    for name, made in (("lot", Lot), ("book", Book)):
        info = CompositeInfo.fetch(numbers, f"trading.{name}")
        assert info
        register_composite(info, numbers, factory=made)
    return numbers


def match(
    desk: Connection[Any], trades: Sequence[Lot], opening: Book | None = None
) -> list[Matched]:
    columns = [list(column) for column in zip(*trades, strict=True)] or [[], [], [], []]
    rows = desk.execute(MATCH, [*columns, opening]).fetchall()
    return [Matched(*row) for row in rows]


def book_after(trades: Sequence[Lot], matched: Sequence[Matched]) -> Book | None:
    """The book as it is read from the rows themselves: a lot is open above the last row's closed_total."""
    if not matched:
        return None
    last = matched[-1]
    side = 1 if last.quantity > 0 else -1
    lots = [
        trade._replace(
            quantity=side * min(row.opened_quantity, row.opened_total - last.closed_total)
        )
        for trade, row in zip(trades, matched, strict=True)
        if row.opened_total > last.closed_total and row.opened_quantity
    ]
    return Book(last.opened_total, last.closed_total, last.average_price, lots)


@dataclass
class Queue:
    """The oracle: lots in a queue, in Python's exact fractions."""

    lots: deque[list[Any]] = field(default_factory=deque)  # [trade, signed quantity left]
    average: Fraction = Fraction(0)

    def held(self) -> Fraction:
        return sum((quantity for _, quantity in self.lots), Fraction(0))

    def book(self, trade: Lot) -> tuple[Fraction, Fraction, list[tuple[int, Fraction]]]:
        left, price = Fraction(trade.quantity), Fraction(trade.price)
        by_average = by_fifo = Fraction(0)
        closed = []
        while left and self.lots and self.lots[0][1] * left < 0:
            lot = self.lots[0]
            side = 1 if lot[1] > 0 else -1
            part = min(abs(left), abs(lot[1]))
            by_fifo += side * part * (price - Fraction(lot[0].price))
            by_average += side * part * (price - self.average)
            closed.append((lot[0].trade_id, part))
            left += side * part
            lot[1] -= side * part
            if not lot[1]:
                self.lots.popleft()
        if left:
            worth = abs(self.held()) * self.average + abs(left) * price
            self.lots.append([trade, left])
            self.average = rounded(worth / abs(self.held()))
        return by_average, by_fifo, closed


def rounded(value: Fraction) -> Fraction:
    """Half up, to ten decimals."""
    return Fraction((value * 10**10 + Fraction(1, 2)).__floor__(), 10**10)


quantities = st.integers(-(10**7), 10**7).filter(bool) | st.sampled_from([-100, -50, 50, 100])
histories = st.lists(
    st.tuples(
        st.builds(Decimal.scaleb, quantities.map(Decimal), st.sampled_from([-4, -1, 0])),
        st.builds(Decimal.scaleb, st.integers(1, 10**8).map(Decimal), st.sampled_from([-4, -2])),
        st.integers(0, 10**6).map(lambda seconds: timedelta(seconds=seconds)),
    ),
    min_size=1,
    max_size=30,
)


def trades_of(history: Iterable[tuple[Decimal, Decimal, timedelta]]) -> list[Lot]:
    at, trades = START, []
    for trade_id, (quantity, price, gap) in enumerate(history, 1):
        at += gap
        trades.append(Lot(at, trade_id, quantity, price))
    return trades


@settings(max_examples=300, deadline=None)
@given(history=histories)
def test_both_ways_equal_a_queue_of_fractions(desk: Connection[Any], history: Any) -> None:
    trades, queue = trades_of(history), Queue()
    for trade, row in zip(trades, match(desk, trades), strict=True):
        by_average, by_fifo, closed = queue.book(trade)
        assert row.fifo_pnl == by_fifo
        assert row.average_pnl == by_average
        assert [(lot.trade_id, lot.quantity) for lot in row.closed_lots] == closed
        assert row.quantity == queue.held()
        assert row.average_price == (queue.average if queue.lots else None)
        cost = sum(left * Fraction(lot.price) for lot, left in queue.lots)
        assert row.fifo_cost == cost
        assert row.open_since == (queue.lots[0][0].executed_at if queue.lots else None)


@settings(max_examples=100, deadline=None)
@given(history=histories)
def test_profit_and_open_cost_are_the_money_that_moved(desk: Connection[Any], history: Any) -> None:
    trades = trades_of(history)
    paid = realized = Decimal(0)
    for trade, row in zip(trades, match(desk, trades), strict=True):
        paid += trade.quantity * trade.price
        realized += row.fifo_pnl
        assert realized == row.fifo_cost - paid
        assert row.opened_total - row.closed_total == abs(row.quantity)


@settings(max_examples=150, deadline=None)
@given(history=histories, data=st.data())
def test_a_run_resumed_anywhere_equals_the_whole(
    desk: Connection[Any], history: Any, data: Any
) -> None:
    trades = trades_of(history)
    cuts = data.draw(st.lists(st.integers(0, len(trades)), max_size=4))
    pieces: list[Matched] = []
    for start, stop in pairwise([0, *sorted(cuts), len(trades)]):
        opening = book_after(trades[:start], pieces)
        pieces += match(desk, trades[start:stop], opening)
    whole = match(desk, trades)
    assert pieces == whole
    assert repr(pieces) == repr(whole)  # digits and all: 1.50 equals 1.5, and is not the same


def test_a_trade_through_zero_closes_all_and_opens_the_rest(desk: Connection[Any]) -> None:
    bought = Lot(START, 1, Decimal(10), Decimal(100))
    more = Lot(START + DAY, 2, Decimal(5), Decimal(110))
    flipped = Lot(START + 3 * DAY, 3, Decimal(-18), Decimal(120))
    row = match(desk, [bought, more, flipped])[-1]
    assert (row.opened_quantity, row.closed_quantity, row.quantity) == (3, 15, -3)
    assert (row.fifo_pnl, row.average_pnl) == (250, Decimal("250.0000000005"))
    assert (row.average_price, row.fifo_cost) == (120, -360)
    assert row.held_seconds == (10 * 3 + 5 * 2) * 86_400 / 15
    assert row.closed_lots == [bought, more]


def test_a_trade_that_only_opens_realizes_nothing(desk: Connection[Any]) -> None:
    [row] = match(desk, [Lot(START, 1, Decimal(-2), Decimal("1.25"))])
    assert (row.fifo_pnl, row.average_pnl, row.held_seconds, row.closed_lots) == (0, 0, None, [])
    assert match(desk, []) == []


@settings(max_examples=100, deadline=None)
@given(history=histories)
def test_average_cost_equals_beancounts(desk: Connection[Any], history: Any) -> None:
    """Its inventory, averaged whenever it has grown; rounded as ours, for it keeps 28 digits."""
    trades = trades_of(history)
    held: Any = Inventory()
    for trade, row in zip(trades, match(desk, trades), strict=True):
        for part in parts(row, trade):
            at = None if held.is_empty() else held.get_only_position()
            price = at.cost.number if at and at.units.number * part < 0 else trade.price
            held.add_amount(Amount(part, "X"), Cost(price, "USD", START.date(), None))
            held = Inventory(map(averaged, held.average()))
        only = None if held.is_empty() else held.get_only_position()
        assert row.quantity == (only.units.number if only else 0)
        assert row.average_price == (only.cost.number if only else None)


def parts(row: Matched, trade: Lot) -> list[Decimal]:
    """Beancount closes and opens by two postings."""
    side = 1 if trade.quantity > 0 else -1
    return [side * part for part in (row.closed_quantity, row.opened_quantity) if part]


def averaged(position: Any) -> Any:
    places = Decimal(1).scaleb(-10)
    number = position.cost.number.quantize(places, ROUND_HALF_UP)
    return position._replace(cost=Cost(number, "USD", START.date(), None))


def test_first_in_first_out_is_beancounts(desk: Connection[Any]) -> None:
    """Its own booking of a ledger: every posting that closes names the lot by its label, the trade's id."""
    draw = np.random.default_rng(8)
    ledger, ours = [], []
    for number in range(40):
        account = f"Assets:History{number}"
        ledger.append(f'2026-01-01 open {account} X "FIFO"')
        sizes = draw.choice([-3, -2, -1, 1, 2, 3], 25) * draw.integers(1, 40, 25)
        history = ((Decimal(int(q)), Decimal(int(draw.integers(1, 999))), DAY) for q in sizes)
        trades = trades_of(history)
        for trade, row in zip(trades, match(desk, trades), strict=True):
            ours += [
                (account, int(lot.trade_id), lot.quantity, lot.price) for lot in row.closed_lots
            ]
            ledger += postings(account, trade, row)
    entries: Any
    entries, errors, _ = load_string("\n".join(["2026-01-01 open Equity:Cash", *ledger]))
    assert errors == []
    theirs = [
        (posting.account, int(posting.cost.label), abs(posting.units.number), posting.cost.number)
        for entry in entries
        if getattr(entry, "narration", "") == "close"
        for posting in entry.postings
        if posting.cost
    ]
    assert sorted(theirs) == sorted(ours)
    assert len(theirs) > 500


def postings(account: str, trade: Lot, row: Matched) -> list[str]:
    """The trade as a ledger has it: what closes names no lot, what opens is one."""
    side = 1 if trade.quantity > 0 else -1
    lines = []
    for name, part, cost in (
        ("close", row.closed_quantity, ""),
        ("open", row.opened_quantity, f'{trade.price} USD, "{trade.trade_id}"'),
    ):
        if part:
            lines.append(f'{trade.executed_at.date()} * "{name}"')
            lines.append(f"  {account}  {side * part} X {{{cost}}}\n  Equity:Cash\n")
    return lines
