"""Cash transactions and their items, cut by month.

The two rotate together, so the one may refer to the other.
"""

from migrations.helpers import (
    BIGINT,
    DATE,
    INTEGER,
    NUMERIC,
    TEXT,
    TIMESTAMPTZ,
    check,
    column,
    create_brin,
    create_table,
    drop_tables,
    foreign_key,
    identity,
    one_of,
    primary_key,
)

revision = "trading_transactions"
down_revision = "trading_trades"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "trading.transactions",
        "Movements of cash and securities that the broker booked; append-only. One row per transaction.",
        column("account_id", BIGINT, "Account that owns the row."),
        column("transaction_at", TIMESTAMPTZ, "When it was booked."),
        identity("transaction_id", "Key of the transaction."),
        column("trade_date", DATE, "Day it counts for; null for what has no trade day.", null=True),
        column("settlement_date", DATE, "Day that cash and securities change hands.", null=True),
        column("transaction_type", TEXT, "What moved."),
        column("activity_type", TEXT, "What caused it.", null=True),
        column("status", TEXT, "Whether it counts."),
        column("sub_account", TEXT, "Part of the account that it was booked to.", null=True),
        column(
            "net_amount", NUMERIC, "What it adds to the account's cash, negative when it takes."
        ),
        column("currency", TEXT, "Currency of the amount."),
        column("order_id", BIGINT, "Order it belongs to.", null=True),
        column(
            "trade_executed_at",
            TIMESTAMPTZ,
            "Time of the trade it settles; refers to trading.trades.executed_at.",
            null=True,
        ),
        column(
            "trade_id",
            BIGINT,
            "Trade it settles, which then carries its cash; refers to trading.trades.trade_id.",
            null=True,
        ),
        column(
            "cash_flow_at",
            TIMESTAMPTZ,
            "Time of the cash flow that mirrors it; refers to portfolio.cash_flows.flow_at.",
            null=True,
        ),
        column(
            "cash_flow_id",
            BIGINT,
            "Cash flow that mirrors it and carries its cash; refers to portfolio.cash_flows.cash_flow_id.",
            null=True,
        ),
        column(
            "external_position_id", TEXT, "The broker's id of the position it touched.", null=True
        ),
        column("description", TEXT, "The broker's wording.", null=True),
        column("entered_by_domain_id", TEXT, "Broker's domain of who entered it.", null=True),
        column("entered_by_login", TEXT, "Login of who entered it.", null=True),
        column("entered_by_type", TEXT, "Kind of who entered it.", null=True),
        column("entered_by_user_id", TEXT, "Broker's id of who entered it.", null=True),
        column("entered_by_system", TEXT, "System that entered it.", null=True),
        column("entered_by_first_name", TEXT, "First name of who entered it.", null=True),
        column("entered_by_last_name", TEXT, "Last name of who entered it.", null=True),
        column("entered_by_rep_code", TEXT, "Representative's code of who entered it.", null=True),
        column("source_id", BIGINT, "Where the row came from."),
        column(
            "batch_id",
            BIGINT,
            "Load it came with, null when booked singly; refers to ops.ingest_batches.batch_id.",
            null=True,
        ),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("account_id", "transaction_at", "transaction_id"),
        one_of(
            "transaction_type",
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
        ),
        one_of("activity_type", "execution", "order_action", "transfer", "activity_correction"),
        one_of("status", "valid", "invalid", "pending"),
        one_of("sub_account", "cash", "margin", "short", "div", "income"),
        one_of("entered_by_type", "advisor_user", "broker_user", "client_user", "system_user"),
        check("net_amount_finite", "net_amount > '-Infinity' and net_amount < 'Infinity'"),
        check("currency_code", "currency ~ '^[A-Z0-9]{3,10}$'"),
        check("trade_key_whole", "(trade_executed_at is null) = (trade_id is null)"),
        check("cash_flow_key_whole", "(cash_flow_at is null) = (cash_flow_id is null)"),
        check("counted_once", "num_nonnulls(trade_id, cash_flow_id) <= 1"),
        partition_by="transaction_at",
    )
    create_table(
        "trading.transaction_items",
        "What a transaction consists of: securities, cash and each fee. One row per item of a transaction.",
        column("account_id", BIGINT, "Account that owns the row."),
        column("transaction_at", TIMESTAMPTZ, "When it was booked."),
        column("transaction_id", BIGINT, "Transaction it is part of."),
        column("item_no", INTEGER, "Place in the transaction, from 1."),
        column(
            "instrument_id", BIGINT, "Security or currency; null where none is named.", null=True
        ),
        column(
            "amount", NUMERIC, "Units moved, negative when they leave; a fee's amount as charged."
        ),
        column("cost", NUMERIC, "What it adds to the account's cash, negative when it takes."),
        column("price", NUMERIC, "Price of one unit; null for cash and fees.", null=True),
        column("position_effect", TEXT, "Whether it opens or closes a position.", null=True),
        column("fee_type", TEXT, "Which fee; null for what is none.", null=True),
        column(
            "net_change", NUMERIC, "The instrument's change on the day, as reported.", null=True
        ),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("account_id", "transaction_at", "transaction_id", "item_no"),
        one_of("position_effect", "opening", "closing", "automatic"),
        one_of(
            "fee_type",
            "commission",
            "sec_fee",
            "str_fee",
            "r_fee",
            "cdsc_fee",
            "opt_reg_fee",
            "additional_fee",
            "miscellaneous_fee",
            "ftt",
            "futures_clearing_fee",
            "futures_desk_office_fee",
            "futures_exchange_fee",
            "futures_globex_fee",
            "futures_nfa_fee",
            "futures_pit_brokerage_fee",
            "futures_transaction_fee",
            "low_proceeds_commission",
            "base_charge",
            "general_charge",
            "gst_fee",
            "taf_fee",
            "index_option_fee",
            "tefra_tax",
            "state_tax",
        ),
        check("item_no_from_one", "item_no >= 1"),
        check("amount_finite", "amount > '-Infinity' and amount < 'Infinity'"),
        check("cost_finite", "cost > '-Infinity' and cost < 'Infinity'"),
        check("price_finite", "price > '-Infinity' and price < 'Infinity'"),
        check("net_change_finite", "net_change > '-Infinity' and net_change < 'Infinity'"),
        partition_by="transaction_at",
    )
    foreign_key("trading.transactions", ["account_id"], "reference.accounts")
    foreign_key("trading.transactions", ["account_id", "order_id"], "trading.orders")
    foreign_key("trading.transactions", ["source_id"], "reference.sources")
    foreign_key("trading.transaction_items", ["account_id"], "reference.accounts")
    foreign_key(
        "trading.transaction_items",
        ["account_id", "transaction_at", "transaction_id"],
        "trading.transactions",
    )
    foreign_key("trading.transaction_items", ["instrument_id"], "reference.instruments")
    create_brin("trading.transactions", "event_id")
    create_brin("trading.transactions", "transaction_at")
    create_brin("trading.transaction_items", "event_id")
    create_brin("trading.transaction_items", "transaction_at")


def downgrade() -> None:
    drop_tables("trading.transaction_items", "trading.transactions")
