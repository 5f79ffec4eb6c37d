"""Limits and their breaches.

A limit watches exactly one portfolio, account, strategy or instrument.
"""

from migrations.helpers import (
    BIGINT,
    BOOLEAN,
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
)

revision = "risk"
down_revision = "portfolio"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "risk.limits",
        "Limits on risk. One row per scope, what it names, measure and severity.",
        identity("limit_id", "Key of the limit."),
        column("scope", TEXT, "What kind of thing keeps it."),
        column(
            "portfolio_id", BIGINT, "Portfolio that keeps it, where that is the scope.", null=True
        ),
        column("account_id", BIGINT, "Account that keeps it, where that is the scope.", null=True),
        column(
            "strategy_id", BIGINT, "Strategy that keeps it, where that is the scope.", null=True
        ),
        column(
            "instrument_id", BIGINT, "Instrument that keeps it, where that is the scope.", null=True
        ),
        column("measure", TEXT, "What is measured."),
        column(
            "threshold",
            NUMERIC,
            "Value that may not be passed: money in the scope's currency, units for a position, a fraction for drawdown and concentration, a multiple for leverage.",
        ),
        column("severity", TEXT, "How grave a breach is."),
        column("is_active", BOOLEAN, "Whether it is in force.", default="true"),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("version", BIGINT, "Counts the row's writes.", default="1"),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("limit_id"),
        one_of("scope", "portfolio", "account", "strategy", "instrument"),
        one_of(
            "measure",
            "position",
            "exposure",
            "loss",
            "drawdown",
            "concentration",
            "var",
            "leverage",
        ),
        one_of("severity", "info", "warning", "critical"),
        check(
            "one_scope", "num_nonnulls(portfolio_id, account_id, strategy_id, instrument_id) = 1"
        ),
        check(
            "scope_named",
            "case scope when 'portfolio' then portfolio_id when 'account' then account_id when 'strategy' then strategy_id when 'instrument' then instrument_id end is not null",
        ),
        check("threshold_non_negative", "threshold >= 0 and threshold < 'Infinity'"),
    )
    create_table(
        "risk.breaches",
        "Limits that were passed. One row per limit and moment it was found passed.",
        column("limit_id", BIGINT, "Limit passed."),
        column("breach_at", TIMESTAMPTZ, "When it was found passed."),
        identity("breach_id", "Key of the breach."),
        column("value", NUMERIC, "What was measured."),
        column("threshold", NUMERIC, "The limit's threshold at that time."),
        column(
            "acknowledged_at", TIMESTAMPTZ, "When somebody took note; null until then.", null=True
        ),
        column("acknowledged_by", BIGINT, "Who took note; null until then.", null=True),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("limit_id", "breach_at", "breach_id"),
        check("value_finite", "value > '-Infinity' and value < 'Infinity'"),
        check("threshold_finite", "threshold > '-Infinity' and threshold < 'Infinity'"),
        check("acknowledged_whole", "(acknowledged_at is null) = (acknowledged_by is null)"),
        partition_by="breach_at",
    )
    foreign_key("risk.limits", ["account_id"], "reference.accounts")
    foreign_key("risk.limits", ["instrument_id"], "reference.instruments")
    foreign_key("risk.limits", ["portfolio_id"], "portfolio.portfolios")
    foreign_key("risk.limits", ["strategy_id"], "reference.strategies")
    foreign_key("risk.breaches", ["acknowledged_by"], "reference.principals", ["principal_id"])
    foreign_key("risk.breaches", ["limit_id"], "risk.limits")
    create_index(
        "risk.limits",
        "portfolio_id",
        "account_id",
        "strategy_id",
        "instrument_id",
        "measure",
        "severity",
        name="limits_active_key",
        unique=True,
        where="is_active",
        nulls_not_distinct=True,
    )
    create_brin("risk.breaches", "breach_at")
    create_brin("risk.breaches", "event_id")


def downgrade() -> None:
    drop_tables("risk.breaches", "risk.limits")
