"""Why something was not booked; the caller's transaction holds nothing of it."""

from warehouse.errors import WarehouseError


class BookingError(WarehouseError):
    """It could not be booked; nothing of it was written."""


class UnknownOrder(BookingError):
    """The account has no such order; nothing was booked. Enter the order first."""


class IllegalTransition(BookingError):
    """The order cannot take that status from the one it has; nothing was booked."""


class Overfilled(BookingError):
    """More would be filled than was ordered; nothing was booked. Look whether it came twice."""


class WrongLeg(BookingError):
    """No leg of the order asks for such a fill; nothing was booked."""


class FillConflict(BookingError):
    """The source gave the id to another fill before; nothing was booked. Correct that trade instead."""


class UnknownTrade(BookingError):
    """The account has no such trade; nothing was booked. Its partition may have been retired."""


class TradeReplaced(BookingError):
    """A bust or a later correction stands in the trade's place; nothing was booked. Name the row that stands."""
