"""Reports on accounts: which there are, and what they ordered, traded and booked."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from api.parameters import DayWindow, Flag, Key, Window, Word
from api.reports import ACCOUNT, Asking, Paged, Report
from api.rows import Id, Number

Side = Literal["buy", "sell"]
OrderStatus = Literal[
    "new",
    "pending",
    "submitted",
    "pending_acknowledgement",
    "accepted",
    "queued",
    "pending_activation",
    "awaiting_parent_order",
    "awaiting_condition",
    "awaiting_stop_condition",
    "awaiting_manual_review",
    "awaiting_release_time",
    "working",
    "partially_filled",
    "pending_cancel",
    "pending_replace",
    "pending_recall",
    "awaiting_ur_out",
    "filled",
    "cancelled",
    "replaced",
    "rejected",
    "expired",
]
TransactionType = Literal[
    "trade",
    "receive_and_deliver",
    "dividend_or_interest",
    "ach_receipt",
    "ach_disbursement",
    "cash_receipt",
    "cash_disbursement",
    "electronic_fund",
    "wire_in",
    "wire_out",
    "journal",
    "memorandum",
    "margin_call",
    "money_market",
    "sma_adjustment",
]


class Account(BaseModel):
    """A brokerage account."""

    account_hash: str = Field(description="Public identifier.")
    display_name: str
    nickname: str | None
    account_type: str
    base_currency: str
    is_active: bool


class AccountSummary(BaseModel):
    """An account at the end of its newest valued day, in its currency; null before the first."""

    account_hash: str
    account_type: str
    base_currency: str
    value_day: date | None
    cash: Number | None
    market_value: Number | None
    equity: Number | None = Field(description="Cash and market value.")
    long_exposure: Number | None
    short_exposure: Number | None
    gross_exposure: Number | None
    net_exposure: Number | None
    external_flow: Number | None = Field(description="Money put in less money taken out that day.")
    day_change: Number | None = Field(description="Change of the equity that is no flow.")
    day_change_pct: float | None = Field(description="The same as a fraction.")
    position_count: int | None
    unmarked_count: int | None = Field(description="Positions without a mark.")
    unconverted_count: int | None = Field(description="Sums left out for want of a rate.")


class TradeSearch(Window, Paged):
    """Which trades."""

    instrument_id: Key | None = Field(default=None, description="Only of this instrument.")
    side: Side | None = Field(default=None, description="Only bought, or only sold.")


class Trade(BaseModel):
    """An effective trade: neither a bust nor replaced by a correction."""

    executed_at: datetime
    trade_id: Id
    instrument_id: Id
    symbol: str
    order_id: Id | None
    side: Side
    position_effect: str | None
    trade_type: str | None
    quantity: Number
    price: Number
    commission: Number
    fees: Number
    settlement_date: date | None
    strategy: str | None


class OrderSearch(Window, Paged):
    """Which orders."""

    status: OrderStatus | None = Field(default=None, description="Only in this status.")
    open: Flag | None = Field(
        default=None, description="Only those that stand, or only closed ones."
    )


class Fill(BaseModel):
    executed_at: datetime
    price: Number
    quantity: Number


class Leg(BaseModel):
    leg_no: int
    instruction: str
    instrument_id: Id
    symbol: str
    quantity: Number | None
    fills: list[Fill]


class Order(BaseModel):
    """An order, its legs and what was filled of each."""

    entered_at: datetime
    order_id: Id
    parent_order_id: Id | None
    instrument_id: Id | None
    symbol: str | None
    order_type: str
    session: str
    duration: str
    complex_strategy: str
    side: Side | None
    quantity: Number | None
    filled_quantity: Number
    remaining_quantity: Number | None
    price: Number | None
    stop_price: Number | None
    status: OrderStatus
    status_description: str | None
    released_at: datetime | None
    closed_at: datetime | None
    legs: list[Leg]


class TransactionSearch(Window, Paged):
    """Which transactions."""

    transaction_type: TransactionType | None = Field(default=None, description="Only of this type.")


class Item(BaseModel):
    item_no: int
    instrument_id: Id | None
    amount: Number
    cost: Number
    price: Number | None
    position_effect: str | None
    fee_type: str | None


class Transaction(BaseModel):
    """A movement of cash and securities, with its items and fees."""

    transaction_at: datetime
    transaction_id: Id
    trade_date: date | None
    settlement_date: date | None
    transaction_type: TransactionType
    activity_type: str | None
    status: str
    sub_account: str | None
    net_amount: Number = Field(description="What it adds to the account's cash.")
    currency: str
    order_id: Id | None
    description: str | None
    items: list[Item]


class IncomeSearch(DayWindow, Paged):
    """Which months, by their first day."""

    kind: Word | None = Field(default=None, description="Only of this kind.")


class Income(BaseModel):
    """What an account earned or paid of one kind in a month, in one currency."""

    period_start: date = Field(description="First day of the month.")
    currency: str
    kind: str = Field(description="Dividends, interest, or the kind of a fee.")
    amount: Number = Field(description="Negative where it was paid.")
    itemized: Number | None = Field(description="What of it stands as items of transactions.")


class ExecutionSearch(DayWindow, Paged):
    """Which months, by their first day."""

    instrument_id: Key | None = Field(default=None, description="Only in this instrument.")


class Execution(BaseModel):
    """What orders in an instrument cost in a month, in its currency; costs are above zero."""

    period_start: date = Field(description="First day of the month.")
    instrument_id: Id
    currency: str
    order_count: int
    filled_count: int
    cancelled_count: int
    rejected_count: int
    fill_count: int
    notional: Number
    charges: Number
    arrival_notional: Number
    arrival_cost: Number = Field(description="Against the price when the order arrived.")
    market_notional: Number
    market_cost: Number = Field(description="Against the market's mean price meanwhile.")
    missed_notional: Number
    missed_cost: Number = Field(description="Of what was not filled.")
    shortfall: Number = Field(description="Implementation shortfall.")
    arrival_slippage_bps: float | None
    vwap_slippage_bps: float | None
    shortfall_bps: float | None
    fees_bps: float | None


REPORTS = (
    Report(
        name="account_list",
        path="/accounts",
        summary="List the accounts that the key may see.",
        row=Account,
        order=("account_hash",),
    ),
    Report(
        name="account_summary",
        path="/accounts/{account}/summary",
        summary="Read what an account is worth and what its newest day brought.",
        row=AccountSummary,
        filters=Asking,
        sources=("rollups.portfolio_value_daily",),
        subject=ACCOUNT,
        single=True,
    ),
    Report(
        name="account_trades",
        path="/accounts/{account}/trades",
        summary="Read an account's trades, newest first.",
        row=Trade,
        filters=TradeSearch,
        order=("executed_at", "trade_id"),
        subject=ACCOUNT,
    ),
    Report(
        name="account_orders",
        path="/accounts/{account}/orders",
        summary="Read an account's orders with their legs and fills, newest first.",
        row=Order,
        filters=OrderSearch,
        order=("entered_at", "order_id"),
        subject=ACCOUNT,
    ),
    Report(
        name="account_transactions",
        path="/accounts/{account}/transactions",
        summary="Read what moved an account's cash and securities, newest first.",
        row=Transaction,
        filters=TransactionSearch,
        order=("transaction_at", "transaction_id"),
        subject=ACCOUNT,
    ),
    Report(
        name="account_income",
        path="/accounts/{account}/income",
        summary="Read an account's dividends, interest and fees, month by month.",
        row=Income,
        filters=IncomeSearch,
        order=("period_start", "currency", "kind"),
        sources=("marts.account_income_fees",),
        subject=ACCOUNT,
    ),
    Report(
        name="account_execution",
        path="/accounts/{account}/execution",
        summary="Read what an account's orders cost against the market, month by month.",
        row=Execution,
        filters=ExecutionSearch,
        order=("period_start", "instrument_id"),
        sources=("marts.execution_quality",),
        subject=ACCOUNT,
    ),
)
