"""Who may do what to the tables.

Events and facts can be added to, never rewritten; nobody is granted anything on a partition.
"""

from alembic import op

revision = "privileges"
down_revision = "ops_keys"
branch_labels = None
depends_on = None

WRITERS = "warehouse_write, warehouse_build, warehouse_maintain"
RECORD_EVENT = "audit.record_event"
READERS = "warehouse_read, warehouse_build, warehouse_write, warehouse_maintain"
VIEWS = ("market.bars_in_milliseconds", "trading.effective_trades")
GRANTS = (
    (
        (
            ("select", "warehouse_read, warehouse_build"),
            ("select, insert", "warehouse_write"),
            ("select, insert, update, delete", "warehouse_maintain"),
        ),
        (
            "library.activity",
            "market.event_predictions",
            "ops.performance_logs",
            "ops.system_logs",
            "portfolio.cash_flows",
            "portfolio.notification_log",
            "trading.execution_legs",
            "trading.external_ids",
            "trading.order_activities",
            "trading.signals",
            "trading.trades",
            "trading.transaction_items",
            "trading.transactions",
        ),
    ),
    (
        (
            ("select", "warehouse_read, warehouse_build"),
            ("select, insert, update", "warehouse_write"),
            ("select, insert, update, delete", "warehouse_maintain"),
        ),
        (
            "audit.holds",
            "library.authors",
            "library.books",
            "library.categories",
            "market.bars",
            "market.corporate_actions",
            "market.event_odds",
            "market.events",
            "market.institutional_holders",
            "market.key_statistics",
            "market.option_chains",
            "market.option_contracts",
            "market.option_deliverables",
            "market.option_expirations",
            "market.option_quotes",
            "ops.archives",
            "ops.cursors",
            "ops.data_quality_findings",
            "ops.generations",
            "ops.ingest_batches",
            "ops.ingest_rejects",
            "ops.instrument_data_status",
            "ops.job_runs",
            "ops.jobs",
            "ops.partition_policy",
            "ops.partition_runs",
            "ops.refresh_runs",
            "ops.rollups",
            "ops.system_config",
            "portfolio.alerts",
            "portfolio.notification_rules",
            "portfolio.portfolios",
            "portfolio.watchlists",
            "reference.accounts",
            "reference.daily_marks",
            "reference.fx_rates",
            "reference.instrument_identifiers",
            "reference.instruments",
            "reference.principals",
            "reference.sources",
            "reference.strategies",
            "reference.trading_days",
            "risk.breaches",
            "risk.limits",
            "trading.order_legs",
            "trading.orders",
            "trading.positions",
        ),
    ),
    (
        (
            ("select", "warehouse_read, warehouse_build"),
            ("select, insert, update, delete", "warehouse_write, warehouse_maintain"),
        ),
        (
            "library.book_authors",
            "library.book_categories",
            "ops.api_grants",
            "portfolio.portfolio_accounts",
            "portfolio.watchlist_items",
        ),
    ),
    (
        (("select", "warehouse_read, warehouse_build, warehouse_write, warehouse_maintain"),),
        (
            "audit.access",
            "audit.events",
            "audit.seals",
            "trading.trade_replacements",
        ),
    ),
    (
        (
            ("select, insert, update", "warehouse_write"),
            ("select, insert, update, delete", "warehouse_maintain"),
        ),
        ("ops.api_keys",),
    ),
)


def upgrade() -> None:
    for grants, tables in GRANTS:
        for privileges, roles in grants:
            op.execute(f"grant {privileges} on {', '.join(tables)} to {roles}")
    op.execute(f"grant select on {', '.join(VIEWS)} to {READERS}")
    op.execute(f"grant execute on function {RECORD_EVENT} to {WRITERS}")


def downgrade() -> None:
    for grants, tables in GRANTS:
        for privileges, roles in grants:
            op.execute(f"revoke {privileges} on {', '.join(tables)} from {roles}")
    op.execute(f"revoke select on {', '.join(VIEWS)} from {READERS}")
    op.execute(f"revoke execute on function {RECORD_EVENT} from {WRITERS}")
