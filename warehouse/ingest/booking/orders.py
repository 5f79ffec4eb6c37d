"""Moves an order along with its fills: how much has traded, what is left, and its status.

Which statuses may follow which is said by `warehouse.models.trading.order_status`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from warehouse.db.sessions import AsyncWriteSession
from warehouse.ingest.booking.errors import IllegalTransition, Overfilled, UnknownOrder, WrongLeg
from warehouse.ingest.booking.fills import Fill
from warehouse.models.trading import (
    CLOSED_STATUSES,
    ORDER_TRANSITIONS,
    ActivityType,
    ExecutionLeg,
    ExecutionType,
    Instruction,
    Order,
    OrderActivity,
    OrderLeg,
    OrderStatus,
    Side,
)
from warehouse.models.trading.order_status import RECALLED_STATUSES
from warehouse.sql import query

ZERO = Decimal(0)
SIDES = {
    Instruction.BUY: Side.BUY,
    Instruction.BUY_TO_OPEN: Side.BUY,
    Instruction.BUY_TO_CLOSE: Side.BUY,
    Instruction.BUY_TO_COVER: Side.BUY,
    Instruction.SELL: Side.SELL,
    Instruction.SELL_TO_OPEN: Side.SELL,
    Instruction.SELL_TO_CLOSE: Side.SELL,
    Instruction.SELL_SHORT: Side.SELL,
    Instruction.SELL_SHORT_EXEMPT: Side.SELL,
}  # an exchange goes both ways


@dataclass(frozen=True)
class Ordered:
    """An order with what it asks for, leg by leg, and how much of each has traded."""

    order: Order
    legs: Sequence[OrderLeg]
    traded: Mapping[int, Decimal]

    def leg(self, instrument_id: int, side: Side, leg_no: int | None = None) -> int:
        """The number of the one leg that such a trade can be of; 1 where the order lists no legs."""
        order = self.order
        asked = [(g.leg_no, g.instrument_id, SIDES.get(g.instruction)) for g in self.legs]
        asked = asked or [(1, order.instrument_id or instrument_id, order.side)]
        fitting = [
            number
            for number, instrument, way in asked
            if instrument == instrument_id and way in {side, None} and leg_no in {number, None}
        ]
        if len(fitting) != 1:
            raise WrongLeg(
                f"{'Several legs' if fitting else 'No leg'} of order {order.order_id} may {side} "
                f"instrument {instrument_id}; nothing was booked. Name the leg, or another order."
            )
        return fitting[0]

    def with_(self, changes: Mapping[int, Decimal]) -> tuple[Decimal, bool]:
        """How much of the order has traded after such changes to its legs, and whether that is all."""
        traded = {
            number: before + changes.get(number, ZERO) for number, before in self.traded.items()
        }
        total = self.order.quantity
        limits = {leg.leg_no: leg.quantity for leg in self.legs}
        if len(limits) <= 1:
            (filled,) = traded.values()
            self._refuse_over(filled, total)
            return filled, filled == total
        for number, quantity in traded.items():
            self._refuse_over(quantity, limits[number])
        # A spread has traded when each of its legs has.
        whole = [traded[n] * (total or ZERO) // limit for n, limit in limits.items() if limit]
        return min(whole, default=ZERO), all(traded[n] == limit for n, limit in limits.items())

    def _refuse_over(self, filled: Decimal, limit: Decimal | None) -> None:
        if limit is not None and filled > limit:
            raise Overfilled(
                f"Order {self.order.order_id} is for {limit}, and {filled} would be filled; nothing "
                "was booked. Look whether a fill came twice."
            )


async def find_order(session: AsyncWriteSession, account_id: int, order_id: int) -> Ordered:
    """The order as it is now; one that the session read before keeps the version it was read at."""
    order = await session.get(Order, (account_id, order_id))
    if order is None:
        raise UnknownOrder(
            f"Account {account_id} has no order {order_id}; nothing was booked. Enter it first."
        )
    asked = select(OrderLeg).where(OrderLeg.account_id == account_id, OrderLeg.order_id == order_id)
    legs = (await session.scalars(asked.order_by(OrderLeg.leg_no))).all()
    if len(legs) <= 1:
        return Ordered(order, legs, {legs[0].leg_no if legs else 1: order.filled_quantity})
    connection = await session.connection()
    found = await connection.exec_driver_sql(
        query("booking/count_traded"), {"account_id": account_id, "order_id": order_id}
    )
    return Ordered(order, legs, {row.leg_no: row.traded for row in found})


async def fill_order(session: AsyncWriteSession, fill: Fill, order_id: int) -> None:
    """Count a fill in its order, and keep it among the order's executions."""
    ordered = await find_order(session, fill.account_id, order_id)
    order, leg = ordered.order, ordered.leg(fill.instrument_id, fill.side, fill.leg_no)
    order.filled_quantity, is_whole = ordered.with_({leg: fill.quantity})
    is_whole = is_whole or fill.ends_order
    _set_status(order, _after_fill(order.status, is_whole=is_whole), fill.executed_at)
    _set_remaining(order)
    activity = OrderActivity(
        account_id=fill.account_id,
        order_id=order_id,
        external_id=fill.external_id,
        activity_type=ActivityType.EXECUTION,
        execution_type=ExecutionType.FILL if is_whole else ExecutionType.PARTIAL_FILL,
        quantity=fill.quantity,
        remaining_quantity=order.remaining_quantity,
        activity_at=fill.executed_at,
    )
    session.add(activity)
    await session.flush()
    if ordered.legs:
        session.add(
            ExecutionLeg(
                account_id=fill.account_id,
                order_id=order_id,
                activity_id=activity.activity_id,
                execution_no=1,
                leg_no=leg,
                price=fill.price,
                quantity=fill.quantity,
                executed_at=fill.executed_at,
            )
        )


def correct_order(ordered: Ordered, changes: Mapping[int, Decimal], at: datetime) -> None:
    """Count what a correction or a bust changed; a closed order stays closed, with less filled."""
    order = ordered.order
    order.filled_quantity, is_whole = ordered.with_(changes)
    if order.status not in CLOSED_STATUSES:
        _set_status(order, _after_fill(order.status, is_whole=is_whole), at)
        _set_remaining(order)


def require_legal(order_id: int, old: OrderStatus, new: OrderStatus) -> None:
    """Refuse a status that cannot follow."""
    if new not in ORDER_TRANSITIONS[old]:
        raise IllegalTransition(
            f"Order {order_id} is {old} and cannot become {new}; nothing was booked."
        )


def _after_fill(old: OrderStatus, *, is_whole: bool) -> OrderStatus:
    """An order that is being taken back stays so until all of it has traded."""
    if is_whole:
        return OrderStatus.FILLED
    return old if old in RECALLED_STATUSES else OrderStatus.PARTIALLY_FILLED


def _set_status(order: Order, status: OrderStatus, at: datetime) -> None:
    if status is order.status and status not in CLOSED_STATUSES:
        return
    require_legal(order.order_id, order.status, status)
    order.status = status
    if status in CLOSED_STATUSES:
        order.closed_at = at
        order.cancelable = order.editable = False


def _set_remaining(order: Order) -> None:
    if order.status in CLOSED_STATUSES:
        order.remaining_quantity = ZERO
    elif order.quantity is not None:
        order.remaining_quantity = order.quantity - order.filled_quantity
