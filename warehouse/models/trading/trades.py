"""Schema trading, trades: what was bought and sold, the positions that follow, and what called for it.

`trading.effective_trades` (a view) is what everyone reads; orders are in `orders`.
"""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from warehouse.models.base import (
    Base,
    Partitioning,
    Recorded,
    Versioned,
    account,
    belongs_to,
    brin,
    check,
    choice,
    column,
    defaulted,
    finite,
    identity,
    instrument,
    non_negative,
    one_of,
    positive,
    references,
    source,
    table,
)
from warehouse.models.trading.orders import PositionEffect, Side


class TradeKind(StrEnum):
    NEW = "new"
    CORRECTION = "correction"
    BUST = "bust"


class TradeType(StrEnum):
    OPENING = "opening"
    CLOSING = "closing"
    PARTIAL = "partial"


class ExternalKind(StrEnum):
    """What an external id names: the account-owned facts whose unique keys must hold the time."""

    TRADE = "trade"
    TRANSACTION = "transaction"
    CASH_FLOW = "cash_flow"
    SIGNAL = "signal"


class Direction(StrEnum):
    LONG = "long"
    SHORT = "short"
    FLAT = "flat"


class Trade(Recorded, Base):
    __tablename__ = "trades"
    __table_args__ = table(
        "trading",
        "Executed trades, their corrections and busts; append-only. One row per trade, correction or bust.",
        belongs_to("trading.orders", "account_id", "order_id"),
        one_of("kind", TradeKind),
        one_of("side", Side),
        one_of("position_effect", PositionEffect),
        one_of("trade_type", TradeType),
        *positive("quantity", "price"),
        *non_negative("commission", "fees"),
        check(
            "replaces_unless_new",
            "num_nonnulls(replaces_executed_at, replaces_trade_id) = case kind when 'new' then 0 else 2 end",
        ),
        check(
            "replaces_another",
            "replaces_trade_id <> trade_id or replaces_executed_at <> executed_at",
        ),
        Index(None, "account_id", "instrument_id", "executed_at"),
        brin("event_id"),
        partition=Partitioning("executed_at", "month"),
    )

    account_id: Mapped[int] = account(primary_key=True)
    executed_at: Mapped[datetime] = column("When it was executed.", primary_key=True)
    trade_id: Mapped[int] = identity("Key of the trade.")
    kind: Mapped[TradeKind] = choice(
        "A new trade, or the correction or bust of an earlier row.",
        TradeKind,
        server_default=TradeKind.NEW.value,
    )
    replaces_executed_at: Mapped[datetime | None] = column(
        "Time of the row that a correction or bust replaces."
    )
    replaces_trade_id: Mapped[int | None] = column(
        "Key of the row that a correction or bust replaces, in the same account."
    )
    order_id: Mapped[int | None] = column("Order it filled; null where the source does not say.")
    instrument_id: Mapped[int] = instrument("Instrument traded.")
    strategy_id: Mapped[int | None] = references(
        "reference.strategies.strategy_id", "Strategy it was made for."
    )
    side: Mapped[Side] = choice("Buy or sell.", Side)
    position_effect: Mapped[PositionEffect | None] = choice(
        "Whether it was marked as opening or closing.", PositionEffect
    )
    trade_type: Mapped[TradeType | None] = choice(
        "Whether it opened a position, closed it or a part of it.", TradeType
    )
    quantity: Mapped[Decimal] = column("Units traded, always above zero.")
    price: Mapped[Decimal] = column("Price of one unit, in the instrument's currency.")
    commission: Mapped[Decimal] = defaulted("Broker's commission.", "0")
    fees: Mapped[Decimal] = defaulted("All other charges on the trade.", "0")
    settlement_date: Mapped[date | None] = column("Day that cash and securities change hands.")
    source_id: Mapped[int] = source()
    batch_id: Mapped[int | None] = column(
        "Load it came with, null when booked singly; refers to ops.ingest_batches.batch_id."
    )


class TradeReplacement(Base):
    """Kept apart because an anti-join of trades with trades plans every partition of both.

    A day's effective trades: 5 to 7 ms of planning at 120 partitions, 0.15 ms with this. It also
    outlives the partitions, so that no replaced trade stands again when its correction is retired.
    """

    __tablename__ = "trade_replacements"
    __table_args__ = table(
        "trading",
        "Trades that a correction or bust replaced; a trigger of trades keeps it. One row per replaced trade.",
    )

    account_id: Mapped[int] = account(primary_key=True)
    executed_at: Mapped[datetime] = column("Time of the replaced trade.", primary_key=True)
    trade_id: Mapped[int] = column("Key of the replaced trade.", primary_key=True)
    replaced_by_executed_at: Mapped[datetime] = column("Time of the correction or bust.")
    replaced_by_trade_id: Mapped[int] = column("Key of the correction or bust.")
    event_id: Mapped[int] = column("Audit event of the write; refers to audit.events.event_id.")


class ExternalId(Recorded, Base):
    __tablename__ = "external_ids"
    __table_args__ = table(
        "trading",
        "The sources' own ids of partitioned facts, kept unique. One row per account, source, kind and external id.",
        one_of("kind", ExternalKind),
        brin("event_id"),
    )

    account_id: Mapped[int] = account(primary_key=True)
    source_id: Mapped[int] = source("Source that gave the id.", primary_key=True)
    kind: Mapped[ExternalKind] = choice("What the id names.", ExternalKind, primary_key=True)
    external_id: Mapped[str] = column("The id as the source writes it.", primary_key=True)
    occurred_at: Mapped[datetime] = column("Time of the row that it names.")
    target_id: Mapped[int] = column("Key of the row that it names.")


class Position(Versioned, Recorded, Base):
    __tablename__ = "positions"
    __table_args__ = table(
        "trading",
        "What each account holds now: the opening and the effective trades since. One row per account and instrument.",
        *finite("quantity", "realized_pnl", "opening_quantity", "opening_realized_pnl"),
        *non_negative("average_price", "opening_average_price"),
        check("priced_unless_flat", "(average_price is null) = (quantity = 0)"),
        check(
            "opening_priced_unless_flat", "(opening_average_price is null) = (opening_quantity = 0)"
        ),
        check(
            "opening_dated",
            "opening_as_of is not null or (opening_quantity = 0 and opening_realized_pnl = 0)",
        ),
    )

    account_id: Mapped[int] = account(primary_key=True)
    instrument_id: Mapped[int] = instrument("Instrument held.", primary_key=True)
    quantity: Mapped[Decimal] = column("Units held; negative when short.")
    average_price: Mapped[Decimal | None] = column("Average cost of one unit; null when flat.")
    realized_pnl: Mapped[Decimal] = defaulted("Profit and loss realized so far.", "0")
    last_trade_at: Mapped[datetime | None] = column("Time of the newest effective trade.")
    opening_as_of: Mapped[datetime | None] = column(
        "Trades before this are in the opening, and are not read again; null when there is none."
    )
    opening_quantity: Mapped[Decimal] = defaulted("Units held at the opening.", "0")
    opening_average_price: Mapped[Decimal | None] = column(
        "Average cost of one unit at the opening; null when flat."
    )
    opening_realized_pnl: Mapped[Decimal] = defaulted(
        "Profit and loss realized before the opening.", "0"
    )


class Signal(Recorded, Base):
    __tablename__ = "signals"
    __table_args__ = table(
        "trading",
        "What strategies called for. One row per account, strategy, instrument and moment of a call.",
        one_of("direction", Direction),
        *finite("strength"),
        brin("event_id"),
        partition=Partitioning("signal_at", "month"),
    )

    account_id: Mapped[int] = account(primary_key=True)
    signal_at: Mapped[datetime] = column("When the strategy called.", primary_key=True)
    signal_id: Mapped[int] = identity("Key of the signal.")
    strategy_id: Mapped[int] = references(
        "reference.strategies.strategy_id", "Strategy that called."
    )
    instrument_id: Mapped[int] = instrument()
    direction: Mapped[Direction] = choice("Position that it calls for.", Direction)
    strength: Mapped[float | None] = column("How strongly, on the strategy's own scale.")
    payload: Mapped[dict[str, Any]] = defaulted("What the strategy saw.", "'{}'")
