"""How rollups and materialized views are kept equal to what they are made from."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import (
    BIGINT,
    BYTEA,
    SNAPSHOT,
    TEXT,
    TEXTS,
    TIMESTAMPTZ,
    check,
    column,
    create_table,
    drop_tables,
    primary_key,
    run_sql,
)

revision = "rollup_engine"
down_revision = "numbers"
branch_labels = None
depends_on = None

PARTS = (
    "scope",
    "definitions",
    "buckets",
    "pending_scopes",
    "make_equal",
    "refresh_rollup",
    "refresh_matview",
    "swap_rollup",
    "verify",
)
FUNCTIONS = (
    "verify_matview",
    "verify_rollup",
    "record_verify",
    "require_one_snapshot",
    "record_swap",
    "rename_relation",
    "fill_beside",
    "refresh_matview",
    "matview_is_behind",
    "rows_written",
    "refresh_rollup",
    "bump_generation",
    "may_be_behind",
    "declare_rollup",
    "make_equal",
    "make_rollup_key",
    "make_rollup_partitions",
    "differences_query",
    "rollup_words(ops.rollups)",
    "scope_condition",
    "scoped_query",
    "pending_scopes",
    "first_whole_bucket",
    "pending_events",
    "writes_between",
    "bucket_end",
    "bucket_start",
    "definition_hash",
    "sources_of",
    "relations_under",
    "scope_keys",
    "scope_to",
    "scope_from",
)
# Whoever builds the marts keeps their registry.
BUILT = "ops.rollups, ops.refresh_runs, ops.generations"
MATVIEWS = (
    ("select", "warehouse_read"),
    ("select, insert, update", "warehouse_write"),
    ("select, insert, update, delete", "warehouse_build, warehouse_maintain"),
)

OLD_BUCKET = (
    "Span that a scope is widened to: an interval, or exchange_day; null = rows stand alone."
)
BUCKET = "Span that a scope is widened to: an interval, exchange_day or all_time; null = rows stand alone."


def upgrade() -> None:
    op.add_column(
        "rollups",
        sa.Column(
            "dimensions",
            TEXTS,
            nullable=False,
            server_default=sa.text("'{}'"),
            comment="Sources joined by key alone: a row added there changes nothing by itself.",
        ),
        schema="ops",
    )
    op.add_column(
        "rollups",
        sa.Column(
            "partition_interval",
            TEXT,
            comment="Span of its partitions, which a refresh makes as rows need them; null = it has none.",
        ),
        schema="ops",
    )
    op.alter_column("rollups", "bucket", comment=BUCKET, schema="ops")
    create_table(
        "ops.matviews",
        "How far each materialized view has read, and by which definition. One row per materialized view.",
        column("relation", TEXT, "The view, as schema.table."),
        column("snapshot", SNAPSHOT, "What it has read to."),
        column(
            "definition_hash",
            BYTEA,
            "SHA-256 of the definition its rows were made with, the views below it included.",
        ),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("version", BIGINT, "Counts the row's writes.", default="1"),
        primary_key("relation"),
        check("relation_qualified", "relation ~ '^[^.]+[.][^.]+$'"),
        check("definition_hash_sha256", "octet_length(definition_hash) = 32"),
    )
    for part in PARTS:
        run_sql(f"{part}_v1")
    run_sql("record_replacements_v2")
    op.execute(f"grant insert, update, delete on {BUILT} to warehouse_build")
    for privileges, roles in MATVIEWS:
        op.execute(f"grant {privileges} on ops.matviews to {roles}")


def downgrade() -> None:
    op.alter_column("rollups", "bucket", comment=OLD_BUCKET, schema="ops")
    op.execute(f"revoke insert, update, delete on {BUILT} from warehouse_build")
    for function in FUNCTIONS:
        op.execute(f"drop function ops.{function}")
    op.execute("drop type ops.rollup_words")
    op.execute("drop function trading.record_replacements() cascade")
    run_sql("record_replacements_v1")
    drop_tables("ops.matviews")
    for name in ("partition_interval", "dimensions"):
        op.drop_column("rollups", name, schema="ops")
