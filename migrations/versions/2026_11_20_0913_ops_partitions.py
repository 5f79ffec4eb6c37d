"""How tables are cut, what was done to them and where old partitions are kept.

In pg_partman's words.
"""

from migrations.helpers import (
    BIGINT,
    BOOLEAN,
    BYTEA,
    DOUBLE,
    INTEGER,
    JSONB,
    TEXT,
    TIMESTAMPTZ,
    UUID,
    check,
    column,
    create_index,
    create_table,
    drop_tables,
    identity,
    one_of,
    primary_key,
    unique,
)

revision = "ops_partitions"
down_revision = "audit"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "ops.archives",
        "Partitions kept as Parquet files. One row per archive that was made.",
        identity("archive_id", "Key of the archive."),
        column("parent_table", TEXT, "Table, as schema.table."),
        column("partition_name", TEXT, "Partition that was archived, as schema.table."),
        column("range_from", TIMESTAMPTZ, "First moment it holds."),
        column("range_to", TIMESTAMPTZ, "End of what it holds, exclusive."),
        column("location", TEXT, "URL of the folder the files are in."),
        column(
            "manifest",
            JSONB,
            "What the files hold: schema, columns, counts, min and max; null while writing.",
            null=True,
        ),
        column(
            "file_hashes",
            JSONB,
            "SHA-256 of each file, hex, by its name; null while writing.",
            null=True,
        ),
        column("row_count", BIGINT, "Rows in it; null while writing.", null=True),
        column("byte_count", BIGINT, "Size of its files; null while writing.", null=True),
        column(
            "audit_root",
            BYTEA,
            "Root of the audit tree over its rows; null where the table is not audited.",
            null=True,
        ),
        column("state", TEXT, "How far it is."),
        column("error", TEXT, "Why it failed.", null=True),
        column(
            "verified_at", TIMESTAMPTZ, "When it was last read back and found equal.", null=True
        ),
        column("restored_at", TIMESTAMPTZ, "When its rows were attached again.", null=True),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("version", BIGINT, "Counts the row's writes.", default="1"),
        primary_key("archive_id"),
        one_of("state", "writing", "written", "verified", "restored", "superseded", "failed"),
        check("parent_table_qualified", "parent_table ~ '^[^.]+[.][^.]+$'"),
        check("range_order", "range_from < range_to"),
        check("row_count_sense", "row_count >= 0"),
        check(
            "written_whole",
            "state in ('writing', 'failed') or num_nulls(manifest, file_hashes, row_count, byte_count) = 0",
        ),
        check(
            "verified",
            "state not in ('verified', 'restored', 'superseded') or verified_at is not null",
        ),
        check("restored", "state <> 'restored' or restored_at is not null"),
        check("failure_told", "state <> 'failed' or error is not null"),
        check("audit_root_sha256", "octet_length(audit_root) = 32"),
    )
    create_table(
        "ops.partition_policy",
        "How tables are cut by time, in pg_partman's words. One row per partitioned table.",
        column("parent_table", TEXT, "Table, as schema.table."),
        column("control", TEXT, "Column it is cut by."),
        column("partition_interval", TEXT, "Span of one partition."),
        column("premake", INTEGER, "Partitions to keep ready ahead of now.", default="4"),
        column(
            "automatic_maintenance",
            TEXT,
            "Whether a run without a table's name sees to it.",
            default="'on'",
        ),
        column(
            "retention",
            TEXT,
            "Age, as an interval, past which a partition is retired if its gates are open; null = never.",
            null=True,
        ),
        column(
            "retention_schema",
            TEXT,
            "Schema that retired partitions move to; null = they stay or go as retention_keep_table says.",
            null=True,
        ),
        column(
            "retention_keep_table",
            BOOLEAN,
            "Whether a retired partition stays as a table of its own.",
            default="true",
        ),
        column(
            "retention_keep_index",
            BOOLEAN,
            "Whether a partition that stays keeps its indexes.",
            default="true",
        ),
        column(
            "retention_keep_publication",
            BOOLEAN,
            "Whether a partition that stays stays in its publications.",
            default="false",
        ),
        column(
            "infinite_time_partitions",
            BOOLEAN,
            "Whether partitions are made ahead also where no rows come in.",
            default="true",
        ),
        column(
            "datetime_string",
            TEXT,
            "to_char pattern of the partitions' suffix: YYYYMMDD, below a day YYYYMMDD_HH24MISS.",
        ),
        column(
            "date_trunc_interval",
            TEXT,
            "Unit that bounds start on where the interval alone does not say; of an adopted set.",
            null=True,
        ),
        column("maintenance_order", INTEGER, "Lower is seen to first; null = last.", null=True),
        column("maintenance_last_run", TIMESTAMPTZ, "When it was last seen to.", null=True),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("version", BIGINT, "Counts the row's writes.", default="1"),
        primary_key("parent_table"),
        check("parent_table_qualified", "parent_table ~ '^[^.]+[.][^.]+$'"),
        one_of("partition_interval", "1 hour", "1 day", "1 week", "1 month", "3 months", "1 year"),
        one_of("automatic_maintenance", "on", "off"),
        check("premake_positive", "premake > 0"),
        check("retention_positive", "retention::interval > interval '0'"),
        check("retention_schema_named", "retention_schema <> ''"),
    )
    create_table(
        "ops.partition_runs",
        "What was done to partitions. One row per step of a plan.",
        identity("partition_run_id", "Key of the step."),
        column("plan_id", UUID, "Plan it belongs to: one run of apply."),
        column("step_no", INTEGER, "Place in the plan."),
        column("parent_table", TEXT, "Table, as schema.table."),
        column("partition_name", TEXT, "Partition it is about, as schema.table."),
        column("step", TEXT, "What was to be done."),
        column("attempts", INTEGER, "How often it was tried.", default="0"),
        column(
            "lock_wait_ms", DOUBLE, "Time it waited for locks, all attempts together.", null=True
        ),
        column("lock_held_ms", DOUBLE, "Time it held its strongest lock.", null=True),
        column(
            "event_id",
            BIGINT,
            "Audit event of the step; refers to audit.events.event_id.",
            null=True,
        ),
        column("state", TEXT, "How far it is."),
        column("started_at", TIMESTAMPTZ, "When it began; null while planned.", null=True),
        column("finished_at", TIMESTAMPTZ, "When it ended; null until then.", null=True),
        column("error", TEXT, "Why it failed.", null=True),
        primary_key("partition_run_id"),
        unique("plan_id", "step_no"),
        one_of(
            "step",
            "create",
            "attach",
            "finalize",
            "archive",
            "verify",
            "drop_key",
            "detach",
            "move",
            "drop",
            "restore",
            "index",
            "drop_index",
            "adopt",
        ),
        check("parent_table_qualified", "parent_table ~ '^[^.]+[.][^.]+$'"),
        check("attempts_non_negative", "attempts >= 0"),
        one_of("state", "planned", "running", "done", "failed", "abandoned"),
        check("started", "(started_at is null) = (state = 'planned')"),
        check("finished", "(finished_at is null) = (state in ('planned', 'running'))"),
        check("run_order", "finished_at >= started_at"),
        check("failure_told", "state <> 'failed' or error is not null"),
        check("lock_wait_ms_non_negative", "lock_wait_ms >= 0 and lock_wait_ms < 'Infinity'"),
        check("lock_held_ms_non_negative", "lock_held_ms >= 0 and lock_held_ms < 'Infinity'"),
    )
    create_index(
        "ops.archives",
        "parent_table",
        "partition_name",
        name="archives_living_key",
        unique=True,
        where="state not in ('superseded', 'failed')",
    )
    create_index("ops.partition_runs", "parent_table", "partition_run_id")


def downgrade() -> None:
    drop_tables("ops.partition_runs", "ops.partition_policy", "ops.archives")
