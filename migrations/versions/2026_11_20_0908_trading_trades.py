"""Trades, cut by month, the ids sources give them, positions and signals.

The uniqueness of external ids lives in a table of its own, for a partitioned key would need the time in it.
"""

from alembic import op

from migrations.helpers import (
    BIGINT,
    DATE,
    DOUBLE,
    JSONB,
    NUMERIC,
    TEXT,
    TIMESTAMPTZ,
    check,
    column,
    comment_view,
    create_brin,
    create_index,
    create_table,
    drop_tables,
    foreign_key,
    identity,
    one_of,
    primary_key,
    run_sql,
)

revision = "trading_trades"
down_revision = "trading_orders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "trading.external_ids",
        "The sources' own ids of partitioned facts, kept unique. One row per account, source, kind and external id.",
        column("account_id", BIGINT, "Account that owns the row."),
        column("source_id", BIGINT, "Source that gave the id."),
        column("kind", TEXT, "What the id names."),
        column("external_id", TEXT, "The id as the source writes it."),
        column("occurred_at", TIMESTAMPTZ, "Time of the row that it names."),
        column("target_id", BIGINT, "Key of the row that it names."),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("account_id", "source_id", "kind", "external_id"),
        one_of("kind", "trade", "transaction", "cash_flow", "signal"),
    )
    create_table(
        "trading.positions",
        "What each account holds now: the opening and the effective trades since. One row per account and instrument.",
        column("account_id", BIGINT, "Account that owns the row."),
        column("instrument_id", BIGINT, "Instrument held."),
        column("quantity", NUMERIC, "Units held; negative when short."),
        column("average_price", NUMERIC, "Average cost of one unit; null when flat.", null=True),
        column("realized_pnl", NUMERIC, "Profit and loss realized so far.", default="0"),
        column("last_trade_at", TIMESTAMPTZ, "Time of the newest effective trade.", null=True),
        column(
            "opening_as_of",
            TIMESTAMPTZ,
            "Trades before this are in the opening, and are not read again; null when there is none.",
            null=True,
        ),
        column("opening_quantity", NUMERIC, "Units held at the opening.", default="0"),
        column(
            "opening_average_price",
            NUMERIC,
            "Average cost of one unit at the opening; null when flat.",
            null=True,
        ),
        column(
            "opening_realized_pnl",
            NUMERIC,
            "Profit and loss realized before the opening.",
            default="0",
        ),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("version", BIGINT, "Counts the row's writes.", default="1"),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("account_id", "instrument_id"),
        check("quantity_finite", "quantity > '-Infinity' and quantity < 'Infinity'"),
        check("realized_pnl_finite", "realized_pnl > '-Infinity' and realized_pnl < 'Infinity'"),
        check(
            "opening_quantity_finite",
            "opening_quantity > '-Infinity' and opening_quantity < 'Infinity'",
        ),
        check(
            "opening_realized_pnl_finite",
            "opening_realized_pnl > '-Infinity' and opening_realized_pnl < 'Infinity'",
        ),
        check("average_price_non_negative", "average_price >= 0 and average_price < 'Infinity'"),
        check(
            "opening_average_price_non_negative",
            "opening_average_price >= 0 and opening_average_price < 'Infinity'",
        ),
        check("priced_unless_flat", "(average_price is null) = (quantity = 0)"),
        check(
            "opening_priced_unless_flat", "(opening_average_price is null) = (opening_quantity = 0)"
        ),
        check(
            "opening_dated",
            "opening_as_of is not null or (opening_quantity = 0 and opening_realized_pnl = 0)",
        ),
    )
    create_table(
        "trading.signals",
        "What strategies called for. One row per account, strategy, instrument and moment of a call.",
        column("account_id", BIGINT, "Account that owns the row."),
        column("signal_at", TIMESTAMPTZ, "When the strategy called."),
        identity("signal_id", "Key of the signal."),
        column("strategy_id", BIGINT, "Strategy that called."),
        column("instrument_id", BIGINT, "Instrument the row is about."),
        column("direction", TEXT, "Position that it calls for."),
        column("strength", DOUBLE, "How strongly, on the strategy's own scale.", null=True),
        column("payload", JSONB, "What the strategy saw.", default="'{}'"),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("account_id", "signal_at", "signal_id"),
        one_of("direction", "long", "short", "flat"),
        check("strength_finite", "strength > '-Infinity' and strength < 'Infinity'"),
        partition_by="signal_at",
    )
    create_table(
        "trading.trade_replacements",
        "Trades that a correction or bust replaced; a trigger of trades keeps it. One row per replaced trade.",
        column("account_id", BIGINT, "Account that owns the row."),
        column("executed_at", TIMESTAMPTZ, "Time of the replaced trade."),
        column("trade_id", BIGINT, "Key of the replaced trade."),
        column("replaced_by_executed_at", TIMESTAMPTZ, "Time of the correction or bust."),
        column("replaced_by_trade_id", BIGINT, "Key of the correction or bust."),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("account_id", "executed_at", "trade_id"),
    )
    create_table(
        "trading.trades",
        "Executed trades, their corrections and busts; append-only. One row per trade, correction or bust.",
        column("account_id", BIGINT, "Account that owns the row."),
        column("executed_at", TIMESTAMPTZ, "When it was executed."),
        identity("trade_id", "Key of the trade."),
        column(
            "kind",
            TEXT,
            "A new trade, or the correction or bust of an earlier row.",
            default="'new'",
        ),
        column(
            "replaces_executed_at",
            TIMESTAMPTZ,
            "Time of the row that a correction or bust replaces.",
            null=True,
        ),
        column(
            "replaces_trade_id",
            BIGINT,
            "Key of the row that a correction or bust replaces, in the same account.",
            null=True,
        ),
        column(
            "order_id", BIGINT, "Order it filled; null where the source does not say.", null=True
        ),
        column("instrument_id", BIGINT, "Instrument traded."),
        column("strategy_id", BIGINT, "Strategy it was made for.", null=True),
        column("side", TEXT, "Buy or sell."),
        column("position_effect", TEXT, "Whether it was marked as opening or closing.", null=True),
        column(
            "trade_type",
            TEXT,
            "Whether it opened a position, closed it or a part of it.",
            null=True,
        ),
        column("quantity", NUMERIC, "Units traded, always above zero."),
        column("price", NUMERIC, "Price of one unit, in the instrument's currency."),
        column("commission", NUMERIC, "Broker's commission.", default="0"),
        column("fees", NUMERIC, "All other charges on the trade.", default="0"),
        column("settlement_date", DATE, "Day that cash and securities change hands.", null=True),
        column("source_id", BIGINT, "Where the row came from."),
        column(
            "batch_id",
            BIGINT,
            "Load it came with, null when booked singly; refers to ops.ingest_batches.batch_id.",
            null=True,
        ),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("account_id", "executed_at", "trade_id"),
        one_of("kind", "new", "correction", "bust"),
        one_of("side", "buy", "sell"),
        one_of("position_effect", "opening", "closing", "automatic"),
        one_of("trade_type", "opening", "closing", "partial"),
        check("quantity_positive", "quantity > 0 and quantity < 'Infinity'"),
        check("price_positive", "price > 0 and price < 'Infinity'"),
        check("commission_non_negative", "commission >= 0 and commission < 'Infinity'"),
        check("fees_non_negative", "fees >= 0 and fees < 'Infinity'"),
        check(
            "replaces_unless_new",
            "num_nonnulls(replaces_executed_at, replaces_trade_id) = case kind when 'new' then 0 else 2 end",
        ),
        check(
            "replaces_another",
            "replaces_trade_id <> trade_id or replaces_executed_at <> executed_at",
        ),
        partition_by="executed_at",
    )
    foreign_key("trading.external_ids", ["account_id"], "reference.accounts")
    foreign_key("trading.external_ids", ["source_id"], "reference.sources")
    foreign_key("trading.positions", ["account_id"], "reference.accounts")
    foreign_key("trading.positions", ["instrument_id"], "reference.instruments")
    foreign_key("trading.signals", ["account_id"], "reference.accounts")
    foreign_key("trading.signals", ["instrument_id"], "reference.instruments")
    foreign_key("trading.signals", ["strategy_id"], "reference.strategies")
    foreign_key("trading.trade_replacements", ["account_id"], "reference.accounts")
    foreign_key("trading.trades", ["account_id"], "reference.accounts")
    foreign_key("trading.trades", ["account_id", "order_id"], "trading.orders")
    foreign_key("trading.trades", ["instrument_id"], "reference.instruments")
    foreign_key("trading.trades", ["source_id"], "reference.sources")
    foreign_key("trading.trades", ["strategy_id"], "reference.strategies")
    create_brin("trading.external_ids", "event_id")
    create_brin("trading.signals", "event_id")
    create_brin("trading.signals", "signal_at")
    create_index("trading.trades", "account_id", "instrument_id", "executed_at")
    create_brin("trading.trades", "event_id")
    create_brin("trading.trades", "executed_at")
    run_sql("effective_trades_v1")
    comment_view("trading.effective_trades", "trading.trades")
    run_sql("record_replacements_v1")


def downgrade() -> None:
    op.execute("drop function trading.record_replacements() cascade")
    op.execute("drop view trading.effective_trades")
    drop_tables(
        "trading.trades",
        "trading.trade_replacements",
        "trading.signals",
        "trading.positions",
        "trading.external_ids",
    )
