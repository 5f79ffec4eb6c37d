"""What a key of the API may see is decided here, and the API is told when that changes."""

from alembic import op

from migrations.helpers import create_index, run_sql

revision = "api_access"
down_revision = "rebase"
branch_labels = None
depends_on = None

FUNCTIONS = (
    "notify_keys()",
    "note_portfolio()",
    "note_grants()",
    "visible_principals(bigint)",
    "visible_portfolios(bigint)",
    "visible_accounts(bigint)",
    "key_may(bigint, text)",
)
# A transition table belongs to one operation, so each has a trigger of its own.
TRANSITIONS = {
    "insert": "new table as touched",
    "update": "new table as touched",
    "delete": "old table as touched",
}
NOTED = {"ops.api_grants": "note_grants", "portfolio.portfolio_accounts": "note_portfolio"}
NOTIFIED = ("ops.api_keys", "reference.principals")


def upgrade() -> None:
    run_sql("api_access_v1")
    # A principal's alerts, newest first, page by page.
    create_index("portfolio.alerts", "principal_id", "created_at", "alert_id")
    for table, function in NOTED.items():
        for operation, transition in TRANSITIONS.items():
            op.execute(
                f"create trigger keys_{operation} after {operation} on {table}"
                f" referencing {transition} for each statement execute function ops.{function}()"
            )
    for table in NOTIFIED:
        op.execute(
            f"create trigger keys_changed after insert or update or delete on {table}"
            " for each statement execute function ops.notify_keys()"
        )


def downgrade() -> None:
    op.drop_index(op.f("alerts_principal_id_created_at_alert_id_idx"), "alerts", schema="portfolio")
    for table in NOTIFIED:
        op.execute(f"drop trigger keys_changed on {table}")
    for table in NOTED:
        for operation in TRANSITIONS:
            op.execute(f"drop trigger keys_{operation} on {table}")
    for function in FUNCTIONS:
        op.execute(f"drop function ops.{function}")
