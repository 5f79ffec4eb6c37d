"""Every statement on an audited table leaves an event; what rows were is kept beside the events."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import (
    BIGINT,
    JSONB,
    TEXT,
    TEXTS,
    TIMESTAMPTZ,
    check,
    column,
    create_brin,
    create_index,
    create_table,
    drop_tables,
    primary_key,
    run_sql,
    unwatch,
    watch,
)

revision = "audit_triggers"
down_revision = "privileges"
branch_labels = None
depends_on = None

WRITERS = "warehouse_write, warehouse_build, warehouse_maintain"
READERS = f"warehouse_read, {WRITERS}"
LOGS = ("access", "events", "images", "seals")
CALLED = (
    "record_event",
    "open_event",
    "close_event",
    "read_cursor",
    "move_cursor",
)
RECORD_EVENT = (
    "audit.record_event(text, text, text, bigint, timestamptz, timestamptz,"
    " bigint[], bigint[], bigint, bytea{}, bigint, integer)"
)
# The log's partitions, and with them what their events say of rows, get their like.
MOVE_IMAGES = """
    do $$
    declare
        part record;
    begin
        for part in
            select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bounds
            from pg_inherits as i
            join pg_class as c on c.oid = i.inhrelid
            where i.inhparent = 'audit.events'::regclass
        loop
            execute format(
                'create table audit.%I partition of audit.images %s',
                replace(part.name, 'events', 'images'), part.bounds
            );
        end loop;
        insert into audit.images (
            event_id, occurred_at, image_no, table_schema, table_name, row_key, before, after
        )
        select
            e.event_id, e.occurred_at, i.image_no, e.table_schema, e.table_name,
            i.image ->> 'key',
            nullif(i.image -> 'before', 'null'),
            nullif(i.image -> 'after', 'null')
        from audit.events as e
        cross join jsonb_array_elements(e.images) with ordinality as i (image, image_no);
    end;
    $$
"""


def upgrade() -> None:
    make_images()
    for index in ("events_keys_idx", "events_unlisted_idx"):
        op.drop_index(op.f(index), "events", schema="audit")
    op.drop_column("events", "images", schema="audit")
    op.drop_column("events", "row_keys", schema="audit")
    index_keys("account_ids", "instrument_ids")
    op.execute(f"drop function {RECORD_EVENT.format(', jsonb')}")
    for name in ("record_event_v2", "open_event_v1", "guard_rows_v1", "events_between_v1"):
        run_sql(name)
    for name in CALLED:
        op.execute(f"grant execute on function audit.{name} to {WRITERS}")
    run_sql("watch_v1")
    watch_tables()
    for log in LOGS:
        guard_log(log)


def downgrade() -> None:
    for log in LOGS:
        op.execute(f"drop trigger audit_log on audit.{log}")
        op.execute(f"drop trigger audit_truncate on audit.{log}")
    unwatch()
    for function in (
        "watch",
        "refuse_change",
        "refuse_truncate",
        "guard_row",
        "before_write",
        "events_between",
        "current_snapshot",
        *CALLED,
    ):
        op.execute(f"drop function audit.{function}")
    run_sql("record_event_v1")
    op.execute(f"grant execute on function audit.record_event to {WRITERS}")
    for index in ("events_keys_idx", "events_unlisted_idx"):
        op.drop_index(op.f(index), "events", schema="audit")
    op.add_column("events", sa.Column("row_keys", TEXTS), schema="audit")
    op.add_column("events", sa.Column("images", JSONB), schema="audit")
    index_keys("account_ids", "instrument_ids", "row_keys")
    drop_tables("audit.images")


def make_images() -> None:
    create_table(
        "audit.images",
        "Rows as they were and as they became, where a write changed them. One row per changed row.",
        column("event_id", BIGINT, "Event of the change; refers to audit.events.event_id."),
        column("occurred_at", TIMESTAMPTZ, "Time of that event."),
        column("image_no", BIGINT, "Place in the event, from 1."),
        column("table_schema", TEXT, "Schema of the table written."),
        column("table_name", TEXT, "Table written; the parent of a partition."),
        column("row_key", TEXT, "Primary key of the row, its columns joined by '/'."),
        column("before", JSONB, "The row as it was; null = it was not there.", null=True),
        column(
            "after",
            JSONB,
            "The row as it became; null = it is gone, or it is a restated fact that stands so still.",
            null=True,
        ),
        primary_key("event_id", "occurred_at", "image_no"),
        check("image_no_from_one", "image_no >= 1"),
        check("some_state", "num_nonnulls(before, after) > 0"),
        partition_by="occurred_at",
    )
    create_brin("audit.images", "occurred_at")
    create_index("audit.images", "table_schema", "table_name", "row_key", "occurred_at", "event_id")
    op.execute(sa.text(MOVE_IMAGES.replace(":", "\\:")))
    op.execute(f"grant select on audit.images to {READERS}")


def index_keys(*arrays: str) -> None:
    """Whoever asks for a key takes the events that list it, and the few that would not list it."""
    create_index("audit.events", *arrays, name="events_keys_idx", using="gin")
    create_index(
        "audit.events",
        "table_schema",
        "table_name",
        "occurred_at",
        "event_id",
        name="events_unlisted_idx",
        where=" or ".join(f"{keys} is null" for keys in arrays),
    )


def guard_log(log: str) -> None:
    op.execute(
        f"create trigger audit_log before update or delete on audit.{log}"
        " for each row execute function audit.refuse_change()"
    )
    op.execute(
        f"create trigger audit_truncate before truncate on audit.{log}"
        " for each statement execute function audit.refuse_truncate()"
    )
    for trigger in ("audit_log", "audit_truncate"):
        op.execute(f"alter table audit.{log} enable always trigger {trigger}")


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
