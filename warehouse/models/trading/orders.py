"""Schema trading, orders: what was asked of the broker, leg by leg.

Its statuses are in `order_status`, what the broker did about it in `executions`.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import ForeignKeyConstraint, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from warehouse.models.base import (
    Base,
    Recorded,
    Versioned,
    account,
    belongs_to,
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
from warehouse.models.trading.order_status import CLOSED_STATUSES, OrderStatus


class OrderSession(StrEnum):
    NORMAL = "normal"
    AM = "am"
    PM = "pm"
    SEAMLESS = "seamless"


class OrderDuration(StrEnum):
    DAY = "day"
    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    END_OF_WEEK = "end_of_week"
    END_OF_MONTH = "end_of_month"
    NEXT_END_OF_MONTH = "next_end_of_month"


class OrderType(StrEnum):
    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING_STOP = "trailing_stop"
    TRAILING_STOP_LIMIT = "trailing_stop_limit"
    MARKET_ON_CLOSE = "market_on_close"
    LIMIT_ON_CLOSE = "limit_on_close"
    NET_DEBIT = "net_debit"
    NET_CREDIT = "net_credit"
    NET_ZERO = "net_zero"
    CABINET = "cabinet"
    NON_MARKETABLE = "non_marketable"
    EXERCISE = "exercise"


class StrategyType(StrEnum):
    SINGLE = "single"
    OCO = "oco"
    TRIGGER = "trigger"
    CANCEL = "cancel"
    RECALL = "recall"
    PAIR = "pair"
    FLATTEN = "flatten"
    TWO_DAY_SWAP = "two_day_swap"
    BLAST_ALL = "blast_all"


class ComplexStrategy(StrEnum):
    NONE = "none"
    COVERED = "covered"
    VERTICAL = "vertical"
    BACK_RATIO = "back_ratio"
    CALENDAR = "calendar"
    DIAGONAL = "diagonal"
    STRADDLE = "straddle"
    STRANGLE = "strangle"
    COLLAR_SYNTHETIC = "collar_synthetic"
    BUTTERFLY = "butterfly"
    CONDOR = "condor"
    IRON_CONDOR = "iron_condor"
    VERTICAL_ROLL = "vertical_roll"
    COLLAR_WITH_STOCK = "collar_with_stock"
    DOUBLE_DIAGONAL = "double_diagonal"
    UNBALANCED_BUTTERFLY = "unbalanced_butterfly"
    UNBALANCED_CONDOR = "unbalanced_condor"
    UNBALANCED_IRON_CONDOR = "unbalanced_iron_condor"
    UNBALANCED_VERTICAL_ROLL = "unbalanced_vertical_roll"
    MUTUAL_FUND_SWAP = "mutual_fund_swap"
    CUSTOM = "custom"


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"


class PriceLinkBasis(StrEnum):
    MANUAL = "manual"
    BASE = "base"
    TRIGGER = "trigger"
    LAST = "last"
    BID = "bid"
    ASK = "ask"
    ASK_BID = "ask_bid"
    MARK = "mark"
    AVERAGE = "average"


class PriceLinkType(StrEnum):
    VALUE = "value"
    PERCENT = "percent"
    TICK = "tick"


class LegType(StrEnum):
    EQUITY = "equity"
    OPTION = "option"
    INDEX = "index"
    MUTUAL_FUND = "mutual_fund"
    CASH_EQUIVALENT = "cash_equivalent"
    FIXED_INCOME = "fixed_income"
    CURRENCY = "currency"
    COLLECTIVE_INVESTMENT = "collective_investment"
    FUTURE = "future"
    FOREX = "forex"
    CRYPTO = "crypto"
    EVENT = "event"


class Instruction(StrEnum):
    BUY = "buy"
    SELL = "sell"
    BUY_TO_OPEN = "buy_to_open"
    BUY_TO_CLOSE = "buy_to_close"
    SELL_TO_OPEN = "sell_to_open"
    SELL_TO_CLOSE = "sell_to_close"
    SELL_SHORT = "sell_short"
    SELL_SHORT_EXEMPT = "sell_short_exempt"
    BUY_TO_COVER = "buy_to_cover"
    EXCHANGE = "exchange"


class PositionEffect(StrEnum):
    OPENING = "opening"
    CLOSING = "closing"
    AUTOMATIC = "automatic"


class QuantityType(StrEnum):
    ALL_SHARES = "all_shares"
    DOLLARS = "dollars"
    SHARES = "shares"


_CLOSED = ", ".join(f"'{status}'" for status in OrderStatus if status in CLOSED_STATUSES)


class Order(Versioned, Recorded, Base):
    __tablename__ = "orders"
    __table_args__ = table(
        "trading",
        "Orders given to a broker and what became of them. One row per order.",
        UniqueConstraint("account_id", "source_id", "external_id"),
        ForeignKeyConstraint(
            ["account_id", "parent_order_id"],
            ["trading.orders.account_id", "trading.orders.order_id"],
            ondelete="RESTRICT",
        ),
        one_of("session", OrderSession),
        one_of("duration", OrderDuration),
        one_of("order_type", OrderType),
        one_of("strategy_type", StrategyType),
        one_of("complex_strategy", ComplexStrategy),
        one_of("side", Side),
        one_of("price_link_basis", PriceLinkBasis),
        one_of("price_link_type", PriceLinkType),
        one_of("stop_price_link_basis", PriceLinkBasis),
        one_of("stop_price_link_type", PriceLinkType),
        one_of("status", OrderStatus),
        *positive("quantity"),
        *non_negative("filled_quantity", "remaining_quantity"),
        *finite("price", "price_offset", "stop_price", "stop_price_offset", "activation_price"),
        # A cancelled order has nothing remaining, so the two need not add up to the quantity.
        check("fills_within_quantity", "filled_quantity + remaining_quantity <= quantity"),
        check("parent_is_another", "parent_order_id <> order_id"),
        Index(None, "account_id", "entered_at"),
        Index(
            "orders_open_idx",
            "account_id",
            "entered_at",
            postgresql_where=text(f"status not in ({_CLOSED})"),
        ),
        Index(
            None,
            "account_id",
            "parent_order_id",
            postgresql_where=text("parent_order_id is not null"),
        ),
    )

    account_id: Mapped[int] = account(primary_key=True)
    order_id: Mapped[int] = identity("Key of the order.")
    source_id: Mapped[int] = source("Broker or feed that the order is known from.")
    external_id: Mapped[str | None] = column("The broker's number; null until it has given one.")
    parent_order_id: Mapped[int | None] = column("Order of the account that this one hangs on.")
    instrument_id: Mapped[int | None] = instrument("Instrument; null where the legs have several.")
    strategy_id: Mapped[int | None] = references(
        "reference.strategies.strategy_id", "Trading strategy that gave the order."
    )
    session_id: Mapped[str | None] = column("Run of the program or desk session that gave it.")
    session: Mapped[OrderSession] = choice("Market session it may trade in.", OrderSession)
    duration: Mapped[OrderDuration] = choice("How long it stands.", OrderDuration)
    order_type: Mapped[OrderType] = choice("How its price is set.", OrderType)
    strategy_type: Mapped[StrategyType] = choice(
        "How it goes with other orders.", StrategyType, server_default=StrategyType.SINGLE.value
    )
    complex_strategy: Mapped[ComplexStrategy] = choice(
        "Shape that the legs make.", ComplexStrategy, server_default=ComplexStrategy.NONE.value
    )
    side: Mapped[Side | None] = choice("Buy or sell; null where the legs differ.", Side)
    quantity: Mapped[Decimal | None] = column(
        "Shares, contracts or spreads ordered; null where only the legs say how much (dollars, all shares)."
    )
    filled_quantity: Mapped[Decimal] = defaulted("How much of it has traded.", "0")
    remaining_quantity: Mapped[Decimal | None] = column("How much of it still stands.")
    price: Mapped[Decimal | None] = column("Limit; a spread's net price may be negative.")
    price_link_basis: Mapped[PriceLinkBasis | None] = choice(
        "Quote the price follows.", PriceLinkBasis
    )
    price_link_type: Mapped[PriceLinkType | None] = choice("Unit of price_offset.", PriceLinkType)
    price_offset: Mapped[Decimal | None] = column("Distance of the price from what it follows.")
    stop_price: Mapped[Decimal | None] = column("Price that sets a stop off.")
    stop_price_link_basis: Mapped[PriceLinkBasis | None] = choice(
        "Quote the stop follows.", PriceLinkBasis
    )
    stop_price_link_type: Mapped[PriceLinkType | None] = choice(
        "Unit of the stop's offset.", PriceLinkType
    )
    stop_price_offset: Mapped[Decimal | None] = column("Distance of the stop from what it follows.")
    activation_price: Mapped[Decimal | None] = column("Price at which a trailing stop begins.")
    requested_destination: Mapped[str | None] = column("Venue that was asked for.")
    destination: Mapped[str | None] = column("Venue the broker sent it to.")
    tag: Mapped[str | None] = column("Label of the program that entered it.")
    status: Mapped[OrderStatus] = choice("Where it stands.", OrderStatus)
    status_description: Mapped[str | None] = column("The broker's reason for the status.")
    entered_at: Mapped[datetime] = column("When it was entered.")
    released_at: Mapped[datetime | None] = column("When it was released to the market.")
    closed_at: Mapped[datetime | None] = column("When it reached its last status.")
    cancelled_at: Mapped[datetime | None] = column("When it was cancelled.")
    cancelable: Mapped[bool] = defaulted("Whether the broker would still cancel it.", "false")
    editable: Mapped[bool] = defaulted("Whether the broker would still replace it.", "false")


class OrderLeg(Recorded, Base):
    __tablename__ = "order_legs"
    __table_args__ = table(
        "trading",
        "What an order buys and sells. One row per leg of an order.",
        belongs_to("trading.orders", "account_id", "order_id", ondelete="CASCADE"),
        one_of("leg_type", LegType),
        one_of("instruction", Instruction),
        one_of("position_effect", PositionEffect),
        one_of("quantity_type", QuantityType),
        *positive("quantity"),
        check("leg_no_from_one", "leg_no >= 1"),
        *finite("net_change"),
        check("quantity_given", "quantity is not null or quantity_type = 'all_shares'"),
    )

    account_id: Mapped[int] = account(primary_key=True)
    order_id: Mapped[int] = column("Order it is part of.", primary_key=True)
    leg_no: Mapped[int] = column("Place in the order, from 1.", Integer, primary_key=True)
    leg_type: Mapped[LegType] = choice("Kind of instrument.", LegType)
    instruction: Mapped[Instruction] = choice("What to do.", Instruction)
    position_effect: Mapped[PositionEffect | None] = choice(
        "Whether it opens or closes a position.", PositionEffect
    )
    quantity: Mapped[Decimal | None] = column(
        "How much, in the unit of quantity_type; null only for all shares."
    )
    quantity_type: Mapped[QuantityType] = choice(
        "Unit of the quantity.", QuantityType, server_default=QuantityType.SHARES.value
    )
    instrument_id: Mapped[int] = instrument("Instrument bought or sold.")
    net_change: Mapped[Decimal | None] = column("The instrument's change on the day, as reported.")
