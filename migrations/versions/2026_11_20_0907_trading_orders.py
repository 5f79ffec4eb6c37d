"""Orders with their legs, activities and executions.

An order owns its legs and activities, which go with it.
"""

from migrations.helpers import (
    BIGINT,
    BOOLEAN,
    INTEGER,
    NUMERIC,
    TEXT,
    TIMESTAMPTZ,
    check,
    column,
    create_brin,
    create_index,
    create_table,
    drop_tables,
    foreign_key,
    identity,
    one_of,
    primary_key,
    unique,
)

revision = "trading_orders"
down_revision = "library"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "trading.orders",
        "Orders given to a broker and what became of them. One row per order.",
        column("account_id", BIGINT, "Account that owns the row."),
        identity("order_id", "Key of the order."),
        column("source_id", BIGINT, "Broker or feed that the order is known from."),
        column("external_id", TEXT, "The broker's number; null until it has given one.", null=True),
        column(
            "parent_order_id", BIGINT, "Order of the account that this one hangs on.", null=True
        ),
        column("instrument_id", BIGINT, "Instrument; null where the legs have several.", null=True),
        column("strategy_id", BIGINT, "Trading strategy that gave the order.", null=True),
        column("session_id", TEXT, "Run of the program or desk session that gave it.", null=True),
        column("session", TEXT, "Market session it may trade in."),
        column("duration", TEXT, "How long it stands."),
        column("order_type", TEXT, "How its price is set."),
        column("strategy_type", TEXT, "How it goes with other orders.", default="'single'"),
        column("complex_strategy", TEXT, "Shape that the legs make.", default="'none'"),
        column("side", TEXT, "Buy or sell; null where the legs differ.", null=True),
        column(
            "quantity",
            NUMERIC,
            "Shares, contracts or spreads ordered; null where only the legs say how much (dollars, all shares).",
            null=True,
        ),
        column("filled_quantity", NUMERIC, "How much of it has traded.", default="0"),
        column("remaining_quantity", NUMERIC, "How much of it still stands.", null=True),
        column("price", NUMERIC, "Limit; a spread's net price may be negative.", null=True),
        column("price_link_basis", TEXT, "Quote the price follows.", null=True),
        column("price_link_type", TEXT, "Unit of price_offset.", null=True),
        column("price_offset", NUMERIC, "Distance of the price from what it follows.", null=True),
        column("stop_price", NUMERIC, "Price that sets a stop off.", null=True),
        column("stop_price_link_basis", TEXT, "Quote the stop follows.", null=True),
        column("stop_price_link_type", TEXT, "Unit of the stop's offset.", null=True),
        column(
            "stop_price_offset", NUMERIC, "Distance of the stop from what it follows.", null=True
        ),
        column("activation_price", NUMERIC, "Price at which a trailing stop begins.", null=True),
        column("requested_destination", TEXT, "Venue that was asked for.", null=True),
        column("destination", TEXT, "Venue the broker sent it to.", null=True),
        column("tag", TEXT, "Label of the program that entered it.", null=True),
        column("status", TEXT, "Where it stands."),
        column("status_description", TEXT, "The broker's reason for the status.", null=True),
        column("entered_at", TIMESTAMPTZ, "When it was entered."),
        column("released_at", TIMESTAMPTZ, "When it was released to the market.", null=True),
        column("closed_at", TIMESTAMPTZ, "When it reached its last status.", null=True),
        column("cancelled_at", TIMESTAMPTZ, "When it was cancelled.", null=True),
        column("cancelable", BOOLEAN, "Whether the broker would still cancel it.", default="false"),
        column("editable", BOOLEAN, "Whether the broker would still replace it.", default="false"),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("version", BIGINT, "Counts the row's writes.", default="1"),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("account_id", "order_id"),
        unique("account_id", "source_id", "external_id"),
        one_of("session", "normal", "am", "pm", "seamless"),
        one_of(
            "duration",
            "day",
            "gtc",
            "ioc",
            "fok",
            "end_of_week",
            "end_of_month",
            "next_end_of_month",
        ),
        one_of(
            "order_type",
            "market",
            "limit",
            "stop",
            "stop_limit",
            "trailing_stop",
            "trailing_stop_limit",
            "market_on_close",
            "limit_on_close",
            "net_debit",
            "net_credit",
            "net_zero",
            "cabinet",
            "non_marketable",
            "exercise",
        ),
        one_of(
            "strategy_type",
            "single",
            "oco",
            "trigger",
            "cancel",
            "recall",
            "pair",
            "flatten",
            "two_day_swap",
            "blast_all",
        ),
        one_of(
            "complex_strategy",
            "none",
            "covered",
            "vertical",
            "back_ratio",
            "calendar",
            "diagonal",
            "straddle",
            "strangle",
            "collar_synthetic",
            "butterfly",
            "condor",
            "iron_condor",
            "vertical_roll",
            "collar_with_stock",
            "double_diagonal",
            "unbalanced_butterfly",
            "unbalanced_condor",
            "unbalanced_iron_condor",
            "unbalanced_vertical_roll",
            "mutual_fund_swap",
            "custom",
        ),
        one_of("side", "buy", "sell"),
        one_of(
            "price_link_basis",
            "manual",
            "base",
            "trigger",
            "last",
            "bid",
            "ask",
            "ask_bid",
            "mark",
            "average",
        ),
        one_of("price_link_type", "value", "percent", "tick"),
        one_of(
            "stop_price_link_basis",
            "manual",
            "base",
            "trigger",
            "last",
            "bid",
            "ask",
            "ask_bid",
            "mark",
            "average",
        ),
        one_of("stop_price_link_type", "value", "percent", "tick"),
        one_of(
            "status",
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
        ),
        check("quantity_positive", "quantity > 0 and quantity < 'Infinity'"),
        check(
            "filled_quantity_non_negative", "filled_quantity >= 0 and filled_quantity < 'Infinity'"
        ),
        check(
            "remaining_quantity_non_negative",
            "remaining_quantity >= 0 and remaining_quantity < 'Infinity'",
        ),
        check("price_finite", "price > '-Infinity' and price < 'Infinity'"),
        check("price_offset_finite", "price_offset > '-Infinity' and price_offset < 'Infinity'"),
        check("stop_price_finite", "stop_price > '-Infinity' and stop_price < 'Infinity'"),
        check(
            "stop_price_offset_finite",
            "stop_price_offset > '-Infinity' and stop_price_offset < 'Infinity'",
        ),
        check(
            "activation_price_finite",
            "activation_price > '-Infinity' and activation_price < 'Infinity'",
        ),
        check("fills_within_quantity", "filled_quantity + remaining_quantity <= quantity"),
        check("parent_is_another", "parent_order_id <> order_id"),
    )
    create_table(
        "trading.order_activities",
        "What happened to an order. One row per execution, cancel or replace.",
        column("account_id", BIGINT, "Account that owns the row."),
        column("order_id", BIGINT, "Order it happened to."),
        identity("activity_id", "Key of the activity."),
        column("external_id", TEXT, "The broker's number for it.", null=True),
        column("activity_type", TEXT, "What happened."),
        column(
            "execution_type",
            TEXT,
            "What an execution did to the order; null for the other activities.",
            null=True,
        ),
        column("quantity", NUMERIC, "How much of the order it touched."),
        column("remaining_quantity", NUMERIC, "How much of the order stood after it.", null=True),
        column("activity_at", TIMESTAMPTZ, "When it happened."),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("account_id", "order_id", "activity_id"),
        unique("account_id", "order_id", "external_id"),
        one_of("activity_type", "execution", "cancel", "replace", "order_action"),
        one_of("execution_type", "fill", "partial_fill", "canceled"),
        check("quantity_non_negative", "quantity >= 0 and quantity < 'Infinity'"),
        check(
            "remaining_quantity_non_negative",
            "remaining_quantity >= 0 and remaining_quantity < 'Infinity'",
        ),
    )
    create_table(
        "trading.order_legs",
        "What an order buys and sells. One row per leg of an order.",
        column("account_id", BIGINT, "Account that owns the row."),
        column("order_id", BIGINT, "Order it is part of."),
        column("leg_no", INTEGER, "Place in the order, from 1."),
        column("leg_type", TEXT, "Kind of instrument."),
        column("instruction", TEXT, "What to do."),
        column("position_effect", TEXT, "Whether it opens or closes a position.", null=True),
        column(
            "quantity",
            NUMERIC,
            "How much, in the unit of quantity_type; null only for all shares.",
            null=True,
        ),
        column("quantity_type", TEXT, "Unit of the quantity.", default="'shares'"),
        column("instrument_id", BIGINT, "Instrument bought or sold."),
        column(
            "net_change", NUMERIC, "The instrument's change on the day, as reported.", null=True
        ),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("account_id", "order_id", "leg_no"),
        one_of(
            "leg_type",
            "equity",
            "option",
            "index",
            "mutual_fund",
            "cash_equivalent",
            "fixed_income",
            "currency",
            "collective_investment",
            "future",
            "forex",
            "crypto",
            "event",
        ),
        one_of(
            "instruction",
            "buy",
            "sell",
            "buy_to_open",
            "buy_to_close",
            "sell_to_open",
            "sell_to_close",
            "sell_short",
            "sell_short_exempt",
            "buy_to_cover",
            "exchange",
        ),
        one_of("position_effect", "opening", "closing", "automatic"),
        one_of("quantity_type", "all_shares", "dollars", "shares"),
        check("quantity_positive", "quantity > 0 and quantity < 'Infinity'"),
        check("leg_no_from_one", "leg_no >= 1"),
        check("net_change_finite", "net_change > '-Infinity' and net_change < 'Infinity'"),
        check("quantity_given", "quantity is not null or quantity_type = 'all_shares'"),
    )
    create_table(
        "trading.execution_legs",
        "The fills of an execution. One row per fill of a leg.",
        column("account_id", BIGINT, "Account that owns the row."),
        column("order_id", BIGINT, "Order that was filled."),
        column("activity_id", BIGINT, "Activity it is part of."),
        column("execution_no", INTEGER, "Place in the activity, from 1."),
        column("leg_no", INTEGER, "Leg of the order that was filled."),
        column("price", NUMERIC, "Price it traded at."),
        column("quantity", NUMERIC, "How much traded."),
        column(
            "mismarked_quantity", NUMERIC, "How much was marked long or short wrongly.", default="0"
        ),
        column("executed_at", TIMESTAMPTZ, "When it traded."),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("account_id", "order_id", "activity_id", "execution_no"),
        check("execution_no_from_one", "execution_no >= 1"),
        check("price_non_negative", "price >= 0 and price < 'Infinity'"),
        check("quantity_non_negative", "quantity >= 0 and quantity < 'Infinity'"),
        check(
            "mismarked_quantity_non_negative",
            "mismarked_quantity >= 0 and mismarked_quantity < 'Infinity'",
        ),
    )
    foreign_key("trading.orders", ["account_id"], "reference.accounts")
    foreign_key(
        "trading.orders",
        ["account_id", "parent_order_id"],
        "trading.orders",
        ["account_id", "order_id"],
    )
    foreign_key("trading.orders", ["instrument_id"], "reference.instruments")
    foreign_key("trading.orders", ["source_id"], "reference.sources")
    foreign_key("trading.orders", ["strategy_id"], "reference.strategies")
    foreign_key("trading.order_activities", ["account_id"], "reference.accounts")
    foreign_key(
        "trading.order_activities",
        ["account_id", "order_id"],
        "trading.orders",
        on_delete="CASCADE",
    )
    foreign_key("trading.order_legs", ["account_id"], "reference.accounts")
    foreign_key(
        "trading.order_legs", ["account_id", "order_id"], "trading.orders", on_delete="CASCADE"
    )
    foreign_key("trading.order_legs", ["instrument_id"], "reference.instruments")
    foreign_key("trading.execution_legs", ["account_id"], "reference.accounts")
    foreign_key(
        "trading.execution_legs",
        ["account_id", "order_id", "activity_id"],
        "trading.order_activities",
        on_delete="CASCADE",
    )
    foreign_key(
        "trading.execution_legs",
        ["account_id", "order_id", "leg_no"],
        "trading.order_legs",
        deferred=True,
        on_delete=None,
    )
    create_index("trading.orders", "account_id", "entered_at")
    create_index(
        "trading.orders", "account_id", "parent_order_id", where="parent_order_id is not null"
    )
    create_index(
        "trading.orders",
        "account_id",
        "entered_at",
        name="orders_open_idx",
        where="status not in ('filled', 'cancelled', 'replaced', 'rejected', 'expired')",
    )
    create_brin("trading.order_activities", "event_id")
    create_brin("trading.execution_legs", "event_id")


def downgrade() -> None:
    drop_tables(
        "trading.execution_legs", "trading.order_legs", "trading.order_activities", "trading.orders"
    )
