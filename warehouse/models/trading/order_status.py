"""The life of an order: the statuses it can have and which of them may follow which.

The orders themselves are in `orders`; refusing an illegal step is left to `warehouse.ingest`.
"""

from enum import StrEnum


class OrderStatus(StrEnum):
    """The words brokers use; where one says that it does not know, the row is a reject."""

    NEW = "new"
    PENDING = "pending"
    SUBMITTED = "submitted"
    PENDING_ACKNOWLEDGEMENT = "pending_acknowledgement"
    ACCEPTED = "accepted"
    QUEUED = "queued"
    PENDING_ACTIVATION = "pending_activation"
    AWAITING_PARENT_ORDER = "awaiting_parent_order"
    AWAITING_CONDITION = "awaiting_condition"
    AWAITING_STOP_CONDITION = "awaiting_stop_condition"
    AWAITING_MANUAL_REVIEW = "awaiting_manual_review"
    AWAITING_RELEASE_TIME = "awaiting_release_time"
    WORKING = "working"
    PARTIALLY_FILLED = "partially_filled"
    PENDING_CANCEL = "pending_cancel"
    PENDING_REPLACE = "pending_replace"
    PENDING_RECALL = "pending_recall"
    AWAITING_UR_OUT = "awaiting_ur_out"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REPLACED = "replaced"
    REJECTED = "rejected"
    EXPIRED = "expired"


CLOSED_STATUSES = frozenset(
    {
        OrderStatus.FILLED,
        OrderStatus.CANCELLED,
        OrderStatus.REPLACED,
        OrderStatus.REJECTED,
        OrderStatus.EXPIRED,
    }
)
_WAITING = frozenset(
    {
        OrderStatus.SUBMITTED,
        OrderStatus.PENDING_ACKNOWLEDGEMENT,
        OrderStatus.ACCEPTED,
        OrderStatus.QUEUED,
        OrderStatus.PENDING_ACTIVATION,
        OrderStatus.AWAITING_PARENT_ORDER,
        OrderStatus.AWAITING_CONDITION,
        OrderStatus.AWAITING_STOP_CONDITION,
        OrderStatus.AWAITING_MANUAL_REVIEW,
        OrderStatus.AWAITING_RELEASE_TIME,
    }
)
_LIVE = frozenset({OrderStatus.WORKING, OrderStatus.PARTIALLY_FILLED})
# The broker was asked to take the order back; a refusal leads back to a live status.
RECALLED_STATUSES = frozenset(
    {
        OrderStatus.PENDING_CANCEL,
        OrderStatus.PENDING_REPLACE,
        OrderStatus.PENDING_RECALL,
        OrderStatus.AWAITING_UR_OUT,
    }
)
_SENT = _WAITING | _LIVE | RECALLED_STATUSES | CLOSED_STATUSES


def _successors(status: OrderStatus) -> frozenset[OrderStatus]:
    """Every status in which an order can be found after this one."""
    if status in CLOSED_STATUSES:
        return frozenset()
    if status in RECALLED_STATUSES:
        return (_LIVE | RECALLED_STATUSES | CLOSED_STATUSES) - {status}
    if status is OrderStatus.PARTIALLY_FILLED:  # what has traded can no longer be refused
        return RECALLED_STATUSES | CLOSED_STATUSES - {OrderStatus.REJECTED}
    if status is OrderStatus.NEW:
        return _SENT | {OrderStatus.PENDING}
    return _SENT - {status}


# A broker is polled, so the steps between two looks are not seen: the later statuses may follow too,
# not only the next one. A working order may wait again (overnight), a closed one stays closed, and
# nothing returns to new or pending once it was sent.
ORDER_TRANSITIONS: dict[OrderStatus, frozenset[OrderStatus]] = {
    status: _successors(status) for status in OrderStatus
}
