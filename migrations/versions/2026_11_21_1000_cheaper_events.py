"""The event of one row costs its writer half: one INSERT, into a table that checks nothing a second time.

SHARE ROW EXCLUSIVE on each audited table in turn, and ACCESS EXCLUSIVE on the log for its constraints
and defaults; none reads rows.
"""

from alembic import op

from migrations.helpers import run_sql, watch

revision = "cheaper_events"
down_revision = "rollup_scopes"
branch_labels = None
depends_on = None

CONTEXT = {
    "actor": "coalesce(nullif(current_setting('warehouse.actor', true), ''), session_user)",
    "application": (
        "coalesce(nullif(current_setting('warehouse.application', true), ''),"
        " nullif(current_setting('application_name'), ''))"
    ),
    "request_id": "nullif(current_setting('warehouse.request_id', true), '')",
    "reason": "nullif(current_setting('warehouse.reason', true), '')",
    "batch_id": "nullif(current_setting('warehouse.batch_id', true), '')::bigint",
}
EVENT_CHECKS = {
    "operation_known": (
        "operation in ('insert', 'update', 'delete', 'truncate', 'refresh', 'attach', 'detach',"
        " 'archive', 'restore', 'drop', 'rebase')"
    ),
    "row_count_sense": (
        "row_count >= 0 and (row_count > 0 or operation not in ('insert', 'update', 'delete'))"
    ),
    "time_range": (
        "(time_from is null) = (time_to is null) and time_from < time_to"
        " and isfinite(time_from) and isfinite(time_to)"
    ),
    "account_ids_whole": "array_position(account_ids, null) is null",
    "instrument_ids_whole": "array_position(instrument_ids, null) is null",
    "digest_sha256": "octet_length(digest) = 32",
}
IMAGE_CHECKS = {
    "image_no_from_one": "image_no >= 1",
    "some_state": "num_nonnulls(before, after) > 0",
}
CHECKS = {"events": EVENT_CHECKS, "images": IMAGE_CHECKS}


def upgrade() -> None:
    for column, default in CONTEXT.items():
        op.execute(f"alter table audit.events alter column {column} set default {default}")
    for log, checks in CHECKS.items():
        for name in checks:
            op.drop_constraint(op.f(f"{log}_{name}_check"), log, schema="audit")
    run_sql("record_event_v3")
    run_sql("watch_v2")
    watch_tables()
    # Writing it at every run left an event with images each time, which said nothing.
    op.execute("update ops.partition_policy set maintenance_last_run = null")
    comment("When pg_partman last saw to it; what was done here, ops.partition_runs says.")


def downgrade() -> None:
    comment("When it was last seen to.")
    op.execute("drop function audit.watch")
    run_sql("watch_v1")
    watch_tables()
    op.execute("drop function audit.record_event")
    run_sql("record_event_v2")
    op.execute(
        "grant execute on function audit.record_event"
        " to warehouse_write, warehouse_build, warehouse_maintain"
    )
    for log, checks in CHECKS.items():
        for name, condition in checks.items():
            op.create_check_constraint(op.f(f"{log}_{name}_check"), log, condition, schema="audit")
    for column in CONTEXT:
        op.execute(f"alter table audit.events alter column {column} drop default")


def comment(words: str) -> None:
    op.execute(f"comment on column ops.partition_policy.maintenance_last_run is '{words}'")


def watch_tables() -> None:
    watch("audit.holds", "record")
    watch("library.authors", "reference")
    watch("library.book_authors", "reference")
    watch("library.book_categories", "reference")
    watch("library.books", "reference")
    watch("library.categories", "reference")
    watch("market.bars", "restatable", time="bar_at", instrument="instrument_id")
    watch(
        "market.corporate_actions", "restatable", time="effective_day", instrument="instrument_id"
    )
    watch("market.event_odds", "restatable", time="odds_at", instrument="*")
    watch("market.event_predictions", "append_only", time="predicted_at", instrument="*")
    watch("market.events", "restatable", instrument="instrument_id")
    watch(
        "market.institutional_holders",
        "restatable",
        time="date_reported",
        instrument="instrument_id",
    )
    watch("market.key_statistics", "restatable", time="as_of", instrument="instrument_id")
    watch("market.option_chains", "restatable", time="snapshot_at", instrument="underlying_id")
    watch("market.option_contracts", "restatable", instrument="instrument_id")
    watch("market.option_deliverables", "restatable", instrument="*")
    watch("market.option_expirations", "restatable", instrument="underlying_id")
    watch("market.option_quotes", "restatable", time="snapshot_at", instrument="*")
    watch("ops.api_grants", "record", account="account_id")
    watch("ops.api_keys", "record", hidden=["secret_hash"])
    watch("ops.jobs", "record")
    watch("ops.partition_policy", "record")
    watch("ops.system_config", "record")
    watch("portfolio.alerts", "mutable", instrument="instrument_id")
    watch("portfolio.cash_flows", "append_only", time="flow_at", account="account_id")
    watch("portfolio.notification_log", "append_only", time="notified_at")
    watch("portfolio.notification_rules", "record", instrument="instrument_id")
    watch("portfolio.portfolio_accounts", "record", account="account_id")
    watch("portfolio.portfolios", "record")
    watch("portfolio.watchlist_items", "record", instrument="instrument_id")
    watch("portfolio.watchlists", "record")
    watch("reference.accounts", "record", account="account_id")
    watch("reference.daily_marks", "reference", time="day", instrument="instrument_id")
    watch("reference.fx_rates", "reference", time="day")
    watch("reference.instrument_identifiers", "reference", instrument="instrument_id")
    watch("reference.instruments", "reference", instrument="instrument_id")
    watch("reference.principals", "record")
    watch("reference.sources", "reference")
    watch("reference.strategies", "reference")
    watch("reference.trading_days", "reference", time="day")
    watch("risk.breaches", "mutable", time="breach_at")
    watch("risk.limits", "mutable", account="account_id", instrument="instrument_id")
    watch("trading.execution_legs", "append_only", time="executed_at", account="account_id")
    watch("trading.external_ids", "append_only", time="occurred_at", account="account_id")
    watch("trading.order_activities", "append_only", time="activity_at", account="account_id")
    watch("trading.order_legs", "mutable", account="account_id", instrument="instrument_id")
    watch(
        "trading.orders",
        "mutable",
        time="entered_at",
        account="account_id",
        instrument="instrument_id",
    )
    watch("trading.positions", "mutable", account="account_id", instrument="instrument_id")
    watch(
        "trading.signals",
        "append_only",
        time="signal_at",
        account="account_id",
        instrument="instrument_id",
    )
    watch(
        "trading.trades",
        "append_only",
        time="executed_at",
        account="account_id",
        instrument="instrument_id",
    )
    watch(
        "trading.transaction_items",
        "append_only",
        time="transaction_at",
        account="account_id",
        instrument="instrument_id",
    )
    watch("trading.transactions", "append_only", time="transaction_at", account="account_id")
