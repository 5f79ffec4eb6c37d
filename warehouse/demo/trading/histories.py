"""The lives that orders lead: which statuses follow each other, and how each life ends."""

from enum import IntEnum

import numpy as np

from warehouse.demo.arrays import Ints, Texts
from warehouse.models.trading import OrderStatus as S


class Life(IntEnum):
    """What becomes of an order; the first five trade."""

    FILLED = 0
    FILLED_IN_PARTS = 1
    PARTLY_CANCELLED = 2
    CHILD_FILLED = 3
    CHILD_FILLED_IN_PARTS = 4
    CANCELLED = 5
    REJECTED = 6
    EXPIRED = 7
    REPLACED = 8
    CHILD_CANCELLED = 9
    STILL_WORKING = 10


_SENT = (S.PENDING, S.SUBMITTED, S.WORKING)
_CHILD = (S.AWAITING_PARENT_ORDER, S.WORKING)
HISTORIES: dict[Life, tuple[S, ...]] = {
    Life.FILLED: (*_SENT, S.FILLED),
    Life.FILLED_IN_PARTS: (*_SENT, S.PARTIALLY_FILLED, S.FILLED),
    Life.PARTLY_CANCELLED: (*_SENT, S.PARTIALLY_FILLED, S.PENDING_CANCEL, S.CANCELLED),
    Life.CHILD_FILLED: (*_CHILD, S.FILLED),
    Life.CHILD_FILLED_IN_PARTS: (*_CHILD, S.PARTIALLY_FILLED, S.FILLED),
    Life.CANCELLED: (*_SENT, S.PENDING_CANCEL, S.CANCELLED),
    Life.REJECTED: (S.PENDING, S.REJECTED),
    Life.EXPIRED: (*_SENT, S.EXPIRED),
    Life.REPLACED: (*_SENT, S.PENDING_REPLACE, S.REPLACED),
    Life.CHILD_CANCELLED: (*_CHILD, S.CANCELLED),
    Life.STILL_WORKING: _SENT,
}
_LAST = np.array([HISTORIES[life][-1] for life in Life], "S")
_REASONS = {
    Life.CANCELLED: "Cancelled by the client.",
    Life.PARTLY_CANCELLED: "The rest was cancelled by the client.",
    Life.REJECTED: "Buying power is insufficient.",
    Life.EXPIRED: "Not filled by the end of its duration.",
    Life.CHILD_CANCELLED: "The other order of the pair was filled.",
}
_TOLD = np.array([_REASONS.get(life, "") for life in Life], "S")


def trades(life: Ints) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Whether something of the order was filled."""
    return life <= Life.CHILD_FILLED_IN_PARTS


def status(life: Ints) -> Texts:
    """Where the order stands in the end."""
    return _LAST[life]


def reason(life: Ints) -> Texts:
    """The broker's words for it; empty where none are needed."""
    return _TOLD[life]
