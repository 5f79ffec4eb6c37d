"""Rollups, their runs, generations and readers' cursors.

A reader keeps the snapshot it has read to.
"""

from migrations.helpers import (
    BIGINT,
    BYTEA,
    INTEGER,
    JSONB,
    SNAPSHOT,
    TEXT,
    TEXTS,
    TIMESTAMPTZ,
    XID8,
    check,
    column,
    create_index,
    create_table,
    drop_tables,
    identity,
    one_of,
    primary_key,
)

revision = "ops_refresh"
down_revision = "ops_ingest"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "ops.cursors",
        "How far each reader of the audit events has come. One row per consumer.",
        column("consumer", TEXT, "Name of the reader."),
        column(
            "snapshot",
            SNAPSHOT,
            "Everything visible in it has been read; null = nothing yet.",
            null=True,
        ),
        column(
            "target_snapshot",
            SNAPSHOT,
            "End of the batch being read in pages; null between batches.",
            null=True,
        ),
        column("last_xid", XID8, "Transaction of the last event read.", null=True),
        column(
            "last_event_id", BIGINT, "Last event read; refers to audit.events.event_id.", null=True
        ),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("version", BIGINT, "Counts the row's writes.", default="1"),
        primary_key("consumer"),
        check("position_whole", "num_nulls(last_xid, last_event_id) in (0, 2)"),
        check("position_inside", "target_snapshot is null or last_xid is not null"),
    )
    create_table(
        "ops.generations",
        "How new each rollup and materialized view is. One row per relation.",
        column("relation", TEXT, "The rollup or view, as schema.table."),
        column(
            "generation",
            BIGINT,
            "Newest event it has seen; refers to audit.events.event_id; changes when its rows do.",
        ),
        column("as_of", TIMESTAMPTZ, "Time of that event."),
        column("changed_at", TIMESTAMPTZ, "When its rows last changed.", default="now()"),
        primary_key("relation"),
        check("relation_qualified", "relation ~ '^[^.]+[.][^.]+$'"),
    )
    create_table(
        "ops.refresh_runs",
        "What was refreshed, and what it changed. One row per run of one rollup or materialized view.",
        identity("refresh_run_id", "Key of the run."),
        column("relation", TEXT, "What was refreshed, as schema.table."),
        column("kind", TEXT, "What was done."),
        column("event_count", BIGINT, "Events that were pending; null = not asked.", null=True),
        column("scopes", JSONB, "Merged scopes it ran over: [{from, to, keys}].", default="'[]'"),
        column("inserted_count", BIGINT, "Rows inserted; null = a materialized view.", null=True),
        column("updated_count", BIGINT, "Rows updated; null = a materialized view.", null=True),
        column("deleted_count", BIGINT, "Rows deleted; null = a materialized view.", null=True),
        column(
            "difference_count",
            BIGINT,
            "Rows a verify found to differ; null = no verify.",
            null=True,
        ),
        column("snapshot", SNAPSHOT, "What it has read to since; null = unchanged.", null=True),
        column(
            "event_id",
            BIGINT,
            "Audit event it wrote; refers to audit.events.event_id; null = nothing differed.",
            null=True,
        ),
        column("state", TEXT, "How far it is."),
        column("started_at", TIMESTAMPTZ, "When it began; null while planned.", null=True),
        column("finished_at", TIMESTAMPTZ, "When it ended; null until then.", null=True),
        column("error", TEXT, "Why it failed.", null=True),
        primary_key("refresh_run_id"),
        one_of("kind", "refresh", "build", "swap", "verify"),
        check("relation_qualified", "relation ~ '^[^.]+[.][^.]+$'"),
        check(
            "counts_non_negative",
            "least(event_count, inserted_count, updated_count, deleted_count, difference_count) >= 0",
        ),
        one_of("state", "planned", "running", "done", "failed", "abandoned"),
        check("started", "(started_at is null) = (state = 'planned')"),
        check("finished", "(finished_at is null) = (state in ('planned', 'running'))"),
        check("run_order", "finished_at >= started_at"),
        check("failure_told", "state <> 'failed' or error is not null"),
    )
    create_table(
        "ops.rollups",
        "Tables that are kept equal to a view over facts. One row per rollup.",
        column("relation", TEXT, "The table, as schema.table."),
        column("logic_view", TEXT, "The view it is kept equal to, as schema.view."),
        column("sources", TEXTS, "Tables the view reads, as schema.table, from the catalogue."),
        column("time_column", TEXT, "Column that a scope bounds in time."),
        column(
            "bucket",
            TEXT,
            "Span that a scope is widened to: an interval, or exchange_day; null = rows stand alone.",
            null=True,
        ),
        column(
            "scope_key", TEXT, "Column that a scope bounds by key; null = by time alone.", null=True
        ),
        column("key_columns", TEXTS, "Columns that tell its rows apart."),
        column(
            "scope_mode", TEXT, "Whether a change moves its bucket alone or everything after it."
        ),
        column(
            "look_back",
            INTEGER,
            "Rows before the scope that a forward rollup starts from.",
            default="0",
        ),
        column("snapshot", SNAPSHOT, "What it has read to; null = never built.", null=True),
        column(
            "source_floor",
            TIMESTAMPTZ,
            "Where its sources begin, rows below being frozen; null = nothing was retired yet.",
            null=True,
        ),
        column("definition_hash", BYTEA, "SHA-256 of the definition its rows were made with."),
        column("environment", TEXT, "Whose it is."),
        column(
            "verified_snapshot",
            SNAPSHOT,
            "What it had read to when it was last found equal to its view.",
            null=True,
        ),
        column("verified_at", TIMESTAMPTZ, "When it was last found equal to its view.", null=True),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("version", BIGINT, "Counts the row's writes.", default="1"),
        primary_key("relation"),
        one_of("scope_mode", "window", "forward"),
        one_of("scope_key", "account_id", "instrument_id"),
        one_of("environment", "prod", "dev"),
        check("relation_qualified", "relation ~ '^[^.]+[.][^.]+$'"),
        check("logic_view_qualified", "logic_view ~ '^[^.]+[.][^.]+$'"),
        check("sources_named", "sources <> '{}' and array_position(sources, null) is null"),
        check(
            "key_columns_named", "key_columns <> '{}' and array_position(key_columns, null) is null"
        ),
        check("look_back_sense", "look_back = 0 or (look_back > 0 and scope_mode = 'forward')"),
        check("verified_whole", "(verified_at is null) = (verified_snapshot is null)"),
        check("definition_hash_sha256", "octet_length(definition_hash) = 32"),
    )
    create_index("ops.refresh_runs", "relation", "refresh_run_id")


def downgrade() -> None:
    drop_tables("ops.rollups", "ops.refresh_runs", "ops.generations", "ops.cursors")
