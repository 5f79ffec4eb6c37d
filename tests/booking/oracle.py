"""Positions from trades by plain arithmetic in fractions, without a line of the warehouse's own."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

ZERO = Fraction(0)


@dataclass(frozen=True)
class Row:
    """A row of trading.trades, as far as positions depend on it; its time is in minutes."""

    trade_id: int
    account: int
    instrument: int
    minute: int
    change: Decimal
    price: Decimal
    kind: str = "new"
    replaces: int | None = None


@dataclass
class Holding:
    """One position; the profit is in units of price, before the multiplier."""

    quantity: Fraction = ZERO
    average: Fraction = ZERO
    realized: Fraction = ZERO
    last: int | None = None

    def add(self, change: Decimal, price: Decimal) -> None:
        """Close against the average what can be closed, open the rest at the price."""
        delta, paid = Fraction(change), Fraction(price)
        if self.quantity * delta < 0:
            closing = min(abs(delta), abs(self.quantity))
            way = 1 if self.quantity > 0 else -1
            self.realized += way * closing * (paid - self.average)
            self.quantity -= way * closing
            delta += way * closing
        if not delta:
            return
        if not self.quantity:
            self.average = paid
        else:
            cost = abs(self.quantity) * self.average + abs(delta) * paid
            places = max(10, decimals(self.average), decimals(paid))
            self.average = half_up(cost / (abs(self.quantity) + abs(delta)), places)
        self.quantity += delta


def decimals(value: Fraction) -> int:
    """How many it takes to write the value."""
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    return places


def half_up(value: Fraction, places: int) -> Fraction:
    return Fraction(floor(value * 10**places + Fraction(1, 2)), 10**places)


def standing(rows: Iterable[Row]) -> list[Row]:
    """Rows that no other replaces, busts aside, in the order that they count."""
    rows = list(rows)
    replaced = {row.replaces for row in rows}
    stand = [row for row in rows if row.kind != "bust" and row.trade_id not in replaced]
    return sorted(stand, key=lambda row: (row.minute, row.trade_id))


def holdings(
    rows: Iterable[Row], openings: dict[tuple[int, int], tuple[int, Holding]] | None = None
) -> dict[tuple[int, int], Holding]:
    """What is held by account and instrument; an opening stands for the trades before its minute."""
    rows, openings = list(rows), openings or {}
    held = {
        pair: Holding(one.quantity, one.average, one.realized)
        for pair, (_, one) in openings.items()
    }
    for row in rows:
        held.setdefault((row.account, row.instrument), Holding())
    for row in standing(rows):
        pair = row.account, row.instrument
        if pair in openings and row.minute < openings[pair][0]:
            continue
        held[pair].add(row.change, row.price)
        held[pair].last = row.minute
    return held
