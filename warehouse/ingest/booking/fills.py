"""What is told to booking: a fill, and which trade is meant."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from warehouse.models.trading import PositionEffect, Side


class TradeKey(NamedTuple):
    """The primary key of a trade."""

    account_id: int
    executed_at: datetime
    trade_id: int


@dataclass(frozen=True, kw_only=True)
class Fill:
    """What traded. With an external id it is booked once, however often it is told."""

    account_id: int
    instrument_id: int
    source_id: int
    side: Side
    quantity: Decimal
    price: Decimal
    executed_at: datetime
    order_id: int | None = None
    leg_no: int | None = None  # of the order; not needed where only one leg fits
    ends_order: bool = False  # the broker says that nothing of the order is left
    external_id: str | None = None
    commission: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    position_effect: PositionEffect | None = None
    settlement_date: date | None = None
    strategy_id: int | None = None

    @property
    def change(self) -> Decimal:
        """What it adds to the position."""
        return signed(self.side, self.quantity)


def signed(side: Side, quantity: Decimal) -> Decimal:
    """A quantity as a position counts it: sold is below zero."""
    # A minus would round at the 28th digit.
    return quantity if side is Side.BUY else quantity.copy_negate()
