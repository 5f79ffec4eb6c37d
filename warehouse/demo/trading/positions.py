"""Positions from trades, at average cost: exact in whole numbers but for one stated rounding.

An average price is rounded half up to ten decimals when a position grows; profits then are exact.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from warehouse.demo.binary import Fixed, Optional

QUANTITY_PLACES = 4
PRICE_PLACES = 4
AVERAGE_PLACES = 10
_FINER = 10 ** (AVERAGE_PLACES - PRICE_PLACES)


@dataclass
class Position:
    """What one account holds of one instrument; averages in 10^-10, profits in 10^-14."""

    quantity: int = 0
    average: int = 0
    realized: int = 0
    last_trade_at: int = 0  # microseconds since 1970
    writes: int = 0

    def book(self, delta: int, price: int, multiplier: int) -> None:
        """Apply a signed quantity at a price."""
        closing = min(abs(delta), abs(self.quantity)) if self.quantity * delta < 0 else 0
        if closing:
            side = 1 if self.quantity > 0 else -1
            self.realized += side * closing * (price * _FINER - self.average) * multiplier
        opening = abs(delta) - closing
        if opening:
            held = abs(self.quantity) - closing
            worth = held * self.average + opening * price * _FINER
            self.average = (2 * worth + held + opening) // (2 * (held + opening))
        self.quantity += delta
        if not self.quantity:
            self.average = 0


@dataclass
class Book:
    """All positions, by account and instrument."""

    positions: dict[tuple[int, int], Position] = field(default_factory=dict)

    def book(
        self, trades: Iterable[tuple[int, int, int, int, int, int]], held: set[tuple[int, int]]
    ) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Apply (account, instrument, signed quantity, price, multiplier, time), in the order of time.

        Answers which positions are new and which of the `held` ones changed.
        """
        touched: dict[tuple[int, int], None] = {}
        for account, instrument, delta, price, multiplier, at in trades:
            key = account, instrument
            position = self.positions.get(key)
            if position is None:
                position = self.positions[key] = Position()
            position.book(delta, price, multiplier)
            position.last_trade_at = at
            touched[key] = None
        for key in touched:
            self.positions[key].writes += 1
        return sorted(touched.keys() - held), sorted(touched.keys() & held)


def position_rows(book: Book, keys: list[tuple[int, int]]) -> dict[str, Any]:
    found = [book.positions[key] for key in keys]
    average = np.array([one.average for one in found], np.int64)
    # Profits pass 64 bits in these units, so they stay Python's own whole numbers.
    realized = np.array([one.realized for one in found], object)
    quantity = np.array([one.quantity for one in found], np.int64)
    return {
        "account_id": np.array([account for account, _ in keys], np.int64),
        "instrument_id": np.array([instrument for _, instrument in keys], np.int64),
        "quantity": Fixed(quantity, QUANTITY_PLACES),
        "average_price": Optional(Fixed(average, AVERAGE_PLACES), quantity != 0),
        "realized_pnl": Fixed(realized, AVERAGE_PLACES + QUANTITY_PLACES),
        "last_trade_at": np.array([one.last_trade_at for one in found], "datetime64[us]"),
        "version": np.array([one.writes for one in found], np.int64),
    }


def decimal(units: int, places: int) -> Decimal:
    """Whole units of 10^-places as an exact decimal."""
    return Decimal(units).scaleb(-places)
