"""Accounts, sources and alerts are loaded from files, too."""

from alembic import op

revision = "accounts_from_files"
down_revision = "partitions_before_rows"
branch_labels = None
depends_on = None

CHECK = "ingest_batches_kind_known_check"
BEFORE = (
    *("instruments", "instrument_identifiers", "daily_marks", "fx_rates", "bars", "key_statistics"),
    *("institutional_holders", "option_expirations", "option_chains", "option_contracts"),
    *("option_quotes", "option_deliverables", "corporate_actions", "events", "event_odds"),
    *("event_predictions", "orders", "order_activities", "trades", "transactions", "cash_flows"),
    *("signals", "books", "principals", "strategies", "trading_days", "order_legs"),
    *("execution_legs", "transaction_items", "portfolios", "portfolio_accounts", "watchlists"),
    *("watchlist_items", "notification_rules", "limits", "authors", "categories", "book_authors"),
    "book_categories",
)
ADDED = ("accounts", "sources", "alerts")


def upgrade() -> None:
    know(BEFORE + ADDED)


def downgrade() -> None:
    know(BEFORE, "not valid")  # there may be loads of the others


def know(words: tuple[str, ...], validity: str = "") -> None:
    """A load is of one of these kinds."""
    listed = ", ".join(f"'{word}'" for word in words)
    op.execute(f"alter table ops.ingest_batches drop constraint {CHECK}")
    op.execute(
        f"alter table ops.ingest_batches add constraint {CHECK} check (kind in ({listed})) {validity}"
    )
