"""Every table with a file form can be loaded, and an order takes only the steps that its life allows."""

from alembic import op

from migrations.helpers import run_sql

revision = "loading"
down_revision = "cheaper_events"
branch_labels = None
depends_on = None

CHECK = "ingest_batches_kind_known_check"
BEFORE = (
    *("instruments", "instrument_identifiers", "daily_marks", "fx_rates", "bars", "key_statistics"),
    *("institutional_holders", "option_expirations", "option_chains", "option_contracts"),
    *("option_quotes", "option_deliverables", "corporate_actions", "events", "event_odds"),
    *("event_predictions", "orders", "order_activities", "trades", "transactions", "cash_flows"),
    *("signals", "books"),
)
ADDED = (
    *("principals", "strategies", "trading_days", "order_legs", "execution_legs"),
    *("transaction_items", "portfolios", "portfolio_accounts", "watchlists", "watchlist_items"),
    *("notification_rules", "limits", "authors", "categories", "book_authors", "book_categories"),
)


def upgrade() -> None:
    run_sql("order_steps_v1")
    op.execute(
        "grant execute on function trading.may_follow(text, text) to warehouse_write, warehouse_maintain"
    )
    know(BEFORE + ADDED)


def downgrade() -> None:
    know(BEFORE, "not valid")  # there may be loads of the others
    op.execute("drop trigger order_step on trading.orders")
    op.execute("drop function trading.refuse_order_step()")
    op.execute("drop function trading.may_follow(text, text)")


def know(words: tuple[str, ...], validity: str = "") -> None:
    """A load is of one of these kinds."""
    listed = ", ".join(f"'{word}'" for word in words)
    op.execute(f"alter table ops.ingest_batches drop constraint {CHECK}")
    op.execute(
        f"alter table ops.ingest_batches add constraint {CHECK} check (kind in ({listed})) {validity}"
    )
