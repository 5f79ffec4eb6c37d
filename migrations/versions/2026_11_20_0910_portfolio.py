"""Portfolios, cash flows, watchlists, alerts and notifications.

All belong to a principal or an account.
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

revision = "portfolio"
down_revision = "trading_transactions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "portfolio.alerts",
        "What somebody should know of. One row per alert.",
        identity("alert_id", "Key of the alert."),
        column("principal_id", BIGINT, "Whom it is for."),
        column("alert_type", TEXT, "What it is about."),
        column("instrument_id", BIGINT, "Instrument that it is about; null when none.", null=True),
        column("message", TEXT, "What happened, to be read by people."),
        column("priority", INTEGER, "1 is the most urgent, 5 the least."),
        column("is_read", BOOLEAN, "Whether it was read.", default="false"),
        column("is_dismissed", BOOLEAN, "Whether it was put away.", default="false"),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("alert_id"),
        one_of(
            "alert_type",
            "price",
            "volume",
            "technical",
            "fundamental",
            "option",
            "event",
            "order",
            "trade",
            "position",
            "risk",
            "data_quality",
            "system",
        ),
        check("priority_in_range", "priority between 1 and 5"),
    )
    create_table(
        "portfolio.cash_flows",
        "Money that was put into an account or taken out; append-only. One row per flow.",
        column("account_id", BIGINT, "Account that owns the row."),
        column("flow_at", TIMESTAMPTZ, "When the money moved."),
        identity("cash_flow_id", "Key of the cash flow."),
        column("kind", TEXT, "How it moved."),
        column("amount", NUMERIC, "Money added to the account; negative when taken out."),
        column("currency", TEXT, "Currency of the amount."),
        column(
            "is_external",
            BOOLEAN,
            "Whether it crossed the firm's border; false between two of its own accounts.",
            default="true",
        ),
        column("description", TEXT, "The source's wording.", null=True),
        column("source_id", BIGINT, "Where the row came from."),
        column(
            "batch_id",
            BIGINT,
            "Load it came with, null when booked singly; refers to ops.ingest_batches.batch_id.",
            null=True,
        ),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("account_id", "flow_at", "cash_flow_id"),
        one_of("kind", "deposit", "withdrawal", "transfer_in", "transfer_out"),
        check("amount_finite", "amount > '-Infinity' and amount < 'Infinity'"),
        check(
            "amount_signed_by_kind",
            "case when kind in ('deposit', 'transfer_in') then amount > 0 else amount < 0 end",
        ),
        check("currency_code", "currency ~ '^[A-Z0-9]{3,10}$'"),
        partition_by="flow_at",
    )
    create_table(
        "portfolio.notification_rules",
        "Which alerts are sent where. One row per rule.",
        identity("notification_rule_id", "Key of the rule."),
        column("principal_id", BIGINT, "Whose alerts it sends."),
        column("name", TEXT, "Name, unique for the principal."),
        column("alert_type", TEXT, "Type it sends; null for every type.", null=True),
        column("instrument_id", BIGINT, "Instrument it is limited to; null for all.", null=True),
        column(
            "lowest_priority",
            INTEGER,
            "Least urgent priority that is sent; 5 sends all.",
            default="5",
        ),
        column("channel", TEXT, "How it is sent."),
        column("destination", TEXT, "Address or URL; null inside the application.", null=True),
        column("is_active", BOOLEAN, "Whether it is in force.", default="true"),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("version", BIGINT, "Counts the row's writes.", default="1"),
        primary_key("notification_rule_id"),
        unique("principal_id", "name"),
        one_of(
            "alert_type",
            "price",
            "volume",
            "technical",
            "fundamental",
            "option",
            "event",
            "order",
            "trade",
            "position",
            "risk",
            "data_quality",
            "system",
        ),
        one_of("channel", "in_app", "email", "sms", "push", "webhook"),
        check("lowest_priority_in_range", "lowest_priority between 1 and 5"),
    )
    create_table(
        "portfolio.portfolios",
        "Groups of accounts that are valued and judged together. One row per portfolio.",
        identity("portfolio_id", "Key of the portfolio."),
        column("principal_id", BIGINT, "Whose it is."),
        column("name", TEXT, "Name, unique for the principal."),
        column("base_currency", TEXT, "Currency it is valued in."),
        column("benchmark_instrument_id", BIGINT, "Instrument it is judged against.", null=True),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("version", BIGINT, "Counts the row's writes.", default="1"),
        primary_key("portfolio_id"),
        unique("principal_id", "name"),
        check("base_currency_code", "base_currency ~ '^[A-Z0-9]{3,10}$'"),
    )
    create_table(
        "portfolio.watchlists",
        "Lists of instruments that somebody watches. One row per list.",
        identity("watchlist_id", "Key of the watchlist."),
        column("principal_id", BIGINT, "Whose it is."),
        column("name", TEXT, "Name, unique for the principal."),
        column("description", TEXT, "What it is for.", null=True),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("version", BIGINT, "Counts the row's writes.", default="1"),
        primary_key("watchlist_id"),
        unique("principal_id", "name"),
    )
    create_table(
        "portfolio.notification_log",
        "What was sent, or was to be. One row per attempt to send an alert.",
        column("principal_id", BIGINT, "Whom it was sent to."),
        column("notified_at", TIMESTAMPTZ, "When it was tried."),
        identity("notification_id", "Key of the attempt."),
        column("alert_id", BIGINT, "Alert that was sent; null for a trial message.", null=True),
        column(
            "notification_rule_id",
            BIGINT,
            "Rule that sent it; null for a message sent by hand.",
            null=True,
        ),
        column("channel", TEXT, "How it was sent."),
        column("destination", TEXT, "Address or URL it was sent to.", null=True),
        column("status", TEXT, "What came of it."),
        column("error", TEXT, "Why it failed or was held back.", null=True),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("principal_id", "notified_at", "notification_id"),
        one_of("channel", "in_app", "email", "sms", "push", "webhook"),
        one_of("status", "sent", "failed", "suppressed"),
        partition_by="notified_at",
    )
    create_table(
        "portfolio.portfolio_accounts",
        "Which accounts a portfolio holds. One row per portfolio and account.",
        column("portfolio_id", BIGINT, "Portfolio that holds the account."),
        column("account_id", BIGINT, "Account that it holds."),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        primary_key("portfolio_id", "account_id"),
    )
    create_table(
        "portfolio.watchlist_items",
        "Instruments on a watchlist. One row per watchlist and instrument.",
        column("watchlist_id", BIGINT, "Watchlist that it is on."),
        column("instrument_id", BIGINT, "Instrument watched."),
        column("sort_order", INTEGER, "Place on the list, lowest first.", default="0"),
        column("note", TEXT, "Why it is watched.", null=True),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        primary_key("watchlist_id", "instrument_id"),
    )
    foreign_key("portfolio.alerts", ["instrument_id"], "reference.instruments")
    foreign_key("portfolio.alerts", ["principal_id"], "reference.principals")
    foreign_key("portfolio.cash_flows", ["account_id"], "reference.accounts")
    foreign_key("portfolio.cash_flows", ["source_id"], "reference.sources")
    foreign_key("portfolio.notification_rules", ["instrument_id"], "reference.instruments")
    foreign_key("portfolio.notification_rules", ["principal_id"], "reference.principals")
    foreign_key(
        "portfolio.portfolios",
        ["benchmark_instrument_id"],
        "reference.instruments",
        ["instrument_id"],
    )
    foreign_key("portfolio.portfolios", ["principal_id"], "reference.principals")
    foreign_key("portfolio.watchlists", ["principal_id"], "reference.principals")
    foreign_key("portfolio.notification_log", ["alert_id"], "portfolio.alerts")
    foreign_key(
        "portfolio.notification_log", ["notification_rule_id"], "portfolio.notification_rules"
    )
    foreign_key("portfolio.notification_log", ["principal_id"], "reference.principals")
    foreign_key("portfolio.portfolio_accounts", ["account_id"], "reference.accounts")
    foreign_key("portfolio.portfolio_accounts", ["portfolio_id"], "portfolio.portfolios")
    foreign_key("portfolio.watchlist_items", ["instrument_id"], "reference.instruments")
    foreign_key("portfolio.watchlist_items", ["watchlist_id"], "portfolio.watchlists")
    create_index(
        "portfolio.alerts",
        "principal_id",
        "priority",
        "created_at desc",
        name="alerts_undismissed_idx",
        where="not is_dismissed",
    )
    create_brin("portfolio.cash_flows", "event_id")
    create_brin("portfolio.cash_flows", "flow_at")
    create_brin("portfolio.notification_log", "event_id")
    create_brin("portfolio.notification_log", "notified_at")
    create_index("portfolio.portfolio_accounts", "account_id")


def downgrade() -> None:
    drop_tables(
        "portfolio.watchlist_items",
        "portfolio.portfolio_accounts",
        "portfolio.notification_log",
        "portfolio.watchlists",
        "portfolio.portfolios",
        "portfolio.notification_rules",
        "portfolio.cash_flows",
        "portfolio.alerts",
    )
