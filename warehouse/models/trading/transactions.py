"""Schema trading, transactions: what moved an account's cash and securities, as the broker books it.

Cash counts a transaction that names a trade or a cash flow through that row, never a second time.
"""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import Integer
from sqlalchemy.orm import Mapped

from warehouse.models.base import (
    Base,
    Partitioning,
    Recorded,
    account,
    belongs_to,
    brin,
    check,
    choice,
    column,
    finite,
    identity,
    instrument,
    one_of,
    source,
    table,
)
from warehouse.models.reference import CURRENCY_CODE
from warehouse.models.trading.orders import PositionEffect


class TransactionType(StrEnum):
    TRADE = "trade"
    RECEIVE_AND_DELIVER = "receive_and_deliver"
    DIVIDEND_OR_INTEREST = "dividend_or_interest"
    ACH_RECEIPT = "ach_receipt"
    ACH_DISBURSEMENT = "ach_disbursement"
    CASH_RECEIPT = "cash_receipt"
    CASH_DISBURSEMENT = "cash_disbursement"
    ELECTRONIC_FUND = "electronic_fund"
    WIRE_IN = "wire_in"
    WIRE_OUT = "wire_out"
    JOURNAL = "journal"
    MEMORANDUM = "memorandum"
    MARGIN_CALL = "margin_call"
    MONEY_MARKET = "money_market"
    SMA_ADJUSTMENT = "sma_adjustment"


class TransactionActivity(StrEnum):
    EXECUTION = "execution"
    ORDER_ACTION = "order_action"
    TRANSFER = "transfer"
    ACTIVITY_CORRECTION = "activity_correction"


class TransactionStatus(StrEnum):
    VALID = "valid"
    INVALID = "invalid"
    PENDING = "pending"


class SubAccount(StrEnum):
    CASH = "cash"
    MARGIN = "margin"
    SHORT = "short"
    DIV = "div"
    INCOME = "income"


class EntererType(StrEnum):
    ADVISOR_USER = "advisor_user"
    BROKER_USER = "broker_user"
    CLIENT_USER = "client_user"
    SYSTEM_USER = "system_user"


class FeeType(StrEnum):
    COMMISSION = "commission"
    SEC_FEE = "sec_fee"
    STR_FEE = "str_fee"
    R_FEE = "r_fee"
    CDSC_FEE = "cdsc_fee"
    OPT_REG_FEE = "opt_reg_fee"
    ADDITIONAL_FEE = "additional_fee"
    MISCELLANEOUS_FEE = "miscellaneous_fee"
    FTT = "ftt"
    FUTURES_CLEARING_FEE = "futures_clearing_fee"
    FUTURES_DESK_OFFICE_FEE = "futures_desk_office_fee"
    FUTURES_EXCHANGE_FEE = "futures_exchange_fee"
    FUTURES_GLOBEX_FEE = "futures_globex_fee"
    FUTURES_NFA_FEE = "futures_nfa_fee"
    FUTURES_PIT_BROKERAGE_FEE = "futures_pit_brokerage_fee"
    FUTURES_TRANSACTION_FEE = "futures_transaction_fee"
    LOW_PROCEEDS_COMMISSION = "low_proceeds_commission"
    BASE_CHARGE = "base_charge"
    GENERAL_CHARGE = "general_charge"
    GST_FEE = "gst_fee"
    TAF_FEE = "taf_fee"
    INDEX_OPTION_FEE = "index_option_fee"
    TEFRA_TAX = "tefra_tax"
    STATE_TAX = "state_tax"


# Transactions and their items are cut alike, for they rotate together.
MONTHLY = Partitioning("transaction_at", "month")


class Transaction(Recorded, Base):
    __tablename__ = "transactions"
    __table_args__ = table(
        "trading",
        "Movements of cash and securities that the broker booked; append-only. One row per transaction.",
        belongs_to("trading.orders", "account_id", "order_id"),
        one_of("transaction_type", TransactionType),
        one_of("activity_type", TransactionActivity),
        one_of("status", TransactionStatus),
        one_of("sub_account", SubAccount),
        one_of("entered_by_type", EntererType),
        *finite("net_amount"),
        check("currency_code", f"currency {CURRENCY_CODE}"),
        check("trade_key_whole", "(trade_executed_at is null) = (trade_id is null)"),
        check("cash_flow_key_whole", "(cash_flow_at is null) = (cash_flow_id is null)"),
        check("counted_once", "num_nonnulls(trade_id, cash_flow_id) <= 1"),
        brin("event_id"),
        partition=MONTHLY,
    )

    account_id: Mapped[int] = account(primary_key=True)
    transaction_at: Mapped[datetime] = column("When it was booked.", primary_key=True)
    transaction_id: Mapped[int] = identity("Key of the transaction.")
    trade_date: Mapped[date | None] = column("Day it counts for; null for what has no trade day.")
    settlement_date: Mapped[date | None] = column("Day that cash and securities change hands.")
    transaction_type: Mapped[TransactionType] = choice("What moved.", TransactionType)
    activity_type: Mapped[TransactionActivity | None] = choice(
        "What caused it.", TransactionActivity
    )
    status: Mapped[TransactionStatus] = choice("Whether it counts.", TransactionStatus)
    sub_account: Mapped[SubAccount | None] = choice(
        "Part of the account that it was booked to.", SubAccount
    )
    net_amount: Mapped[Decimal] = column(
        "What it adds to the account's cash, negative when it takes."
    )
    currency: Mapped[str] = column("Currency of the amount.")
    order_id: Mapped[int | None] = column("Order it belongs to.")
    trade_executed_at: Mapped[datetime | None] = column(
        "Time of the trade it settles; refers to trading.trades.executed_at."
    )
    trade_id: Mapped[int | None] = column(
        "Trade it settles, which then carries its cash; refers to trading.trades.trade_id."
    )
    cash_flow_at: Mapped[datetime | None] = column(
        "Time of the cash flow that mirrors it; refers to portfolio.cash_flows.flow_at."
    )
    cash_flow_id: Mapped[int | None] = column(
        "Cash flow that mirrors it and carries its cash; refers to portfolio.cash_flows.cash_flow_id."
    )
    external_position_id: Mapped[str | None] = column("The broker's id of the position it touched.")
    description: Mapped[str | None] = column("The broker's wording.")
    entered_by_domain_id: Mapped[str | None] = column("Broker's domain of who entered it.")
    entered_by_login: Mapped[str | None] = column("Login of who entered it.")
    entered_by_type: Mapped[EntererType | None] = choice("Kind of who entered it.", EntererType)
    entered_by_user_id: Mapped[str | None] = column("Broker's id of who entered it.")
    entered_by_system: Mapped[str | None] = column("System that entered it.")
    entered_by_first_name: Mapped[str | None] = column("First name of who entered it.")
    entered_by_last_name: Mapped[str | None] = column("Last name of who entered it.")
    entered_by_rep_code: Mapped[str | None] = column("Representative's code of who entered it.")
    source_id: Mapped[int] = source()
    batch_id: Mapped[int | None] = column(
        "Load it came with, null when booked singly; refers to ops.ingest_batches.batch_id."
    )


class TransactionItem(Recorded, Base):
    __tablename__ = "transaction_items"
    __table_args__ = table(
        "trading",
        "What a transaction consists of: securities, cash and each fee. One row per item of a transaction.",
        belongs_to("trading.transactions", "account_id", "transaction_at", "transaction_id"),
        one_of("position_effect", PositionEffect),
        one_of("fee_type", FeeType),
        check("item_no_from_one", "item_no >= 1"),
        *finite("amount", "cost", "price", "net_change"),
        brin("event_id"),
        partition=MONTHLY,
    )

    account_id: Mapped[int] = account(primary_key=True)
    transaction_at: Mapped[datetime] = column("When it was booked.", primary_key=True)
    transaction_id: Mapped[int] = column("Transaction it is part of.", primary_key=True)
    item_no: Mapped[int] = column("Place in the transaction, from 1.", Integer, primary_key=True)
    instrument_id: Mapped[int | None] = instrument(
        "Security or currency; null where none is named."
    )
    amount: Mapped[Decimal] = column(
        "Units moved, negative when they leave; a fee's amount as charged."
    )
    cost: Mapped[Decimal] = column("What it adds to the account's cash, negative when it takes.")
    price: Mapped[Decimal | None] = column("Price of one unit; null for cash and fees.")
    position_effect: Mapped[PositionEffect | None] = choice(
        "Whether it opens or closes a position.", PositionEffect
    )
    fee_type: Mapped[FeeType | None] = choice("Which fee; null for what is none.", FeeType)
    net_change: Mapped[Decimal | None] = column("The instrument's change on the day, as reported.")
