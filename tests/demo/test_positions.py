"""Positions equal a replay of the trades by someone else's arithmetic."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.demo.reading import of_table, records
from warehouse.demo.chunks import Chunk
from warehouse.demo.contracts import FIRST_INSTRUMENT_ID
from warehouse.demo.trading.positions import AVERAGE_PLACES, Book, decimal

Held = tuple[Fraction, Fraction, Fraction]
FLAT: Held = (Fraction(0), Fraction(0), Fraction(0))


def replayed(held: Held, delta: Fraction, price: Fraction, multiplier: int) -> Held:
    """Average cost by the book: closing realizes against the average, opening moves it."""
    quantity, average, realized = held
    if quantity * delta < 0:
        closing = min(abs(delta), abs(quantity))
        side = 1 if quantity > 0 else -1
        realized += side * closing * (price - average) * multiplier
        quantity -= side * closing
        delta += side * closing
    if delta:
        cost = abs(quantity) * average + abs(delta) * price
        average = rounded(cost / (abs(quantity) + abs(delta)))
    quantity += delta
    return quantity, average if quantity else Fraction(0), realized


def rounded(value: Fraction) -> Fraction:
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return Fraction(exact.quantize(Decimal(1).scaleb(-AVERAGE_PLACES), ROUND_HALF_UP))


def effective(trades: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = list(trades)
    replaced = {(t["account_id"], t["replaces_trade_id"]) for t in rows}
    stand = [
        t for t in rows if t["kind"] != "bust" and (t["account_id"], t["trade_id"]) not in replaced
    ]
    return sorted(stand, key=lambda t: (t["executed_at"], t["trade_id"]))


def test_positions_equal_the_effective_trades(traded: list[Chunk]) -> None:
    held: dict[tuple[int, int], Held] = {}
    newest: dict[tuple[int, int], Any] = {}
    for trade in effective(of_table(traded, "trades")):
        key = trade["account_id"], trade["instrument_id"]
        multiplier = 100 if key[1] >= FIRST_INSTRUMENT_ID else 1
        side = 1 if trade["side"] == "buy" else -1
        delta, price = side * Fraction(trade["quantity"]), Fraction(trade["price"])
        held[key] = replayed(held.get(key, FLAT), delta, price, multiplier)
        newest[key] = trade["executed_at"]
    kept: dict[tuple[int, int], dict[str, Any]] = {}
    for chunk in traded:
        if chunk.table.name == "positions":
            kept |= {(r["account_id"], r["instrument_id"]): r for r in records(chunk.rows)}
    assert kept.keys() == held.keys()
    for key, (quantity, average, realized) in held.items():
        row = kept[key]
        assert row["quantity"] == quantity
        assert row["average_price"] == (average if quantity else None)
        assert row["realized_pnl"] == realized
        assert row["last_trade_at"] == newest[key]
    quantities = [quantity for quantity, *_ in held.values()]
    assert min(quantities) < 0 < max(quantities)


@given(
    st.lists(
        st.tuples(
            st.integers(-(10**7), 10**7).filter(bool),
            st.integers(1, 10**9),
            st.sampled_from([1, 100]),
        ),
        max_size=40,
    )
)
def test_any_sequence_of_trades_is_booked_as_the_oracle_books_it(
    trades: list[tuple[int, int, int]],
) -> None:
    book, held = Book(), FLAT
    book.book(((1, 1, delta, price, times, 0) for delta, price, times in trades), set())
    for delta, price, times in trades:
        held = replayed(held, Fraction(decimal(delta, 4)), Fraction(decimal(price, 4)), times)
    if trades:
        found = book.positions[1, 1]
        assert decimal(found.quantity, 4) == held[0]
        assert decimal(found.average, AVERAGE_PLACES) == held[1]
        assert decimal(found.realized, AVERAGE_PLACES + 4) == held[2]
