"""Which statuses of an order may follow which."""

import pytest

from warehouse.models.trading import CLOSED_STATUSES, ORDER_TRANSITIONS, OrderStatus

OPEN = [status for status in OrderStatus if status not in CLOSED_STATUSES]
UNSENT = {OrderStatus.NEW, OrderStatus.PENDING}


def test_every_status_says_what_may_follow_it() -> None:
    assert set(ORDER_TRANSITIONS) == set(OrderStatus)


@pytest.mark.parametrize("status", OrderStatus)
def test_a_status_is_no_step_to_itself(status: OrderStatus) -> None:
    assert status not in ORDER_TRANSITIONS[status]


@pytest.mark.parametrize("status", sorted(CLOSED_STATUSES))
def test_a_closed_order_stays_as_it_closed(status: OrderStatus) -> None:
    assert not ORDER_TRANSITIONS[status]


@pytest.mark.parametrize("status", OPEN)
def test_an_open_order_can_be_found_filled_cancelled_replaced_or_expired(
    status: OrderStatus,
) -> None:
    assert ORDER_TRANSITIONS[status] >= CLOSED_STATUSES - {OrderStatus.REJECTED}


@pytest.mark.parametrize("status", sorted(set(OrderStatus) - UNSENT))
def test_what_was_sent_is_never_unsent(status: OrderStatus) -> None:
    assert not ORDER_TRANSITIONS[status] & UNSENT


def test_what_has_traded_in_part_is_neither_refused_nor_untraded() -> None:
    after = ORDER_TRANSITIONS[OrderStatus.PARTIALLY_FILLED]
    assert not after & {OrderStatus.REJECTED, OrderStatus.WORKING, OrderStatus.SUBMITTED}


@pytest.mark.parametrize("status", [OrderStatus.PENDING_CANCEL, OrderStatus.PENDING_REPLACE])
def test_a_refused_cancel_or_replace_leaves_the_order_live(status: OrderStatus) -> None:
    assert ORDER_TRANSITIONS[status] >= {OrderStatus.WORKING, OrderStatus.PARTIALLY_FILLED}
