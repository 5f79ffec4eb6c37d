"""Booking: what fills, corrections and busts make of trades, orders and positions.

Singly, in the caller's session (`book_fill`), or for all trades of a transaction (`apply_fills`).
"""

from warehouse.ingest.booking.apply_fills import apply_fills
from warehouse.ingest.booking.book_fill import book, book_fill, book_fills
from warehouse.ingest.booking.errors import (
    BookingError,
    FillConflict,
    IllegalTransition,
    Overfilled,
    TradeReplaced,
    UnknownOrder,
    UnknownTrade,
    WrongLeg,
)
from warehouse.ingest.booking.fills import Fill, TradeKey
from warehouse.ingest.booking.replace import bust_trade, correct_trade

__all__ = [
    "BookingError",
    "Fill",
    "FillConflict",
    "IllegalTransition",
    "Overfilled",
    "TradeKey",
    "TradeReplaced",
    "UnknownOrder",
    "UnknownTrade",
    "WrongLeg",
    "apply_fills",
    "book",
    "book_fill",
    "book_fills",
    "bust_trade",
    "correct_trade",
]
