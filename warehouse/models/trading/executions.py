"""Schema trading, executions: what happened to an order, fill by fill, as the broker reports it.

What a fill means for money and positions is in `trades`.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import ForeignKeyConstraint, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped

from warehouse.models.base import (
    Base,
    Recorded,
    account,
    belongs_to,
    brin,
    check,
    choice,
    column,
    defaulted,
    identity,
    non_negative,
    one_of,
    table,
)


class ActivityType(StrEnum):
    EXECUTION = "execution"
    CANCEL = "cancel"
    REPLACE = "replace"
    ORDER_ACTION = "order_action"


class ExecutionType(StrEnum):
    FILL = "fill"
    PARTIAL_FILL = "partial_fill"
    CANCELED = "canceled"


class OrderActivity(Recorded, Base):
    __tablename__ = "order_activities"
    __table_args__ = table(
        "trading",
        "What happened to an order. One row per execution, cancel or replace.",
        UniqueConstraint("account_id", "order_id", "external_id"),
        belongs_to("trading.orders", "account_id", "order_id", ondelete="CASCADE"),
        one_of("activity_type", ActivityType),
        one_of("execution_type", ExecutionType),
        *non_negative("quantity", "remaining_quantity"),
        brin("event_id"),
    )

    account_id: Mapped[int] = account(primary_key=True)
    order_id: Mapped[int] = column("Order it happened to.", primary_key=True)
    activity_id: Mapped[int] = identity("Key of the activity.")
    external_id: Mapped[str | None] = column("The broker's number for it.")
    activity_type: Mapped[ActivityType] = choice("What happened.", ActivityType)
    execution_type: Mapped[ExecutionType | None] = choice(
        "What an execution did to the order; null for the other activities.", ExecutionType
    )
    quantity: Mapped[Decimal] = column("How much of the order it touched.")
    remaining_quantity: Mapped[Decimal | None] = column("How much of the order stood after it.")
    activity_at: Mapped[datetime] = column("When it happened.")


class ExecutionLeg(Recorded, Base):
    __tablename__ = "execution_legs"
    __table_args__ = table(
        "trading",
        "The fills of an execution. One row per fill of a leg.",
        belongs_to(
            "trading.order_activities", "account_id", "order_id", "activity_id", ondelete="CASCADE"
        ),
        # Deferred: a deleted order takes its legs and its fills with it in an order that only the
        # triggers' names decide, so the fills can be the last to go.
        ForeignKeyConstraint(
            ["account_id", "order_id", "leg_no"],
            [f"trading.order_legs.{c}" for c in ("account_id", "order_id", "leg_no")],
            deferrable=True,
            initially="DEFERRED",
        ),
        check("execution_no_from_one", "execution_no >= 1"),
        # An execution that reports a cancel has legs at a price of zero.
        *non_negative("price", "quantity", "mismarked_quantity"),
        brin("event_id"),
    )

    account_id: Mapped[int] = account(primary_key=True)
    order_id: Mapped[int] = column("Order that was filled.", primary_key=True)
    activity_id: Mapped[int] = column("Activity it is part of.", primary_key=True)
    execution_no: Mapped[int] = column("Place in the activity, from 1.", Integer, primary_key=True)
    leg_no: Mapped[int] = column("Leg of the order that was filled.", Integer)
    price: Mapped[Decimal] = column("Price it traded at.")
    quantity: Mapped[Decimal] = column("How much traded.")
    mismarked_quantity: Mapped[Decimal] = defaulted(
        "How much was marked long or short wrongly.", "0"
    )
    executed_at: Mapped[datetime] = column("When it traded.")
