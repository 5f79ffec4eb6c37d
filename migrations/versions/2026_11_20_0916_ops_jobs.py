"""Jobs, their runs and the configuration.

Small, mutable, versioned.
"""

from migrations.helpers import (
    BIGINT,
    BOOLEAN,
    INTEGER,
    JSONB,
    TEXT,
    TIMESTAMPTZ,
    check,
    column,
    create_index,
    create_table,
    drop_tables,
    foreign_key,
    identity,
    one_of,
    primary_key,
    unique,
)

revision = "ops_jobs"
down_revision = "ops_refresh"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "ops.jobs",
        "What runs by itself. One row per job.",
        identity("job_id", "Key of the job."),
        column("name", TEXT, "Unique name."),
        column("description", TEXT, "What it does.", null=True),
        column("is_enabled", BOOLEAN, "Whether it runs when it is due.", default="true"),
        column(
            "schedule",
            TEXT,
            "When it is due, as a cron expression in UTC; null = by hand.",
            null=True,
        ),
        column("state", TEXT, "What it does now, or how it last went.", default="'idle'"),
        column("last_run_at", TIMESTAMPTZ, "When it last began; null = never.", null=True),
        column("last_success_at", TIMESTAMPTZ, "When it last ended well; null = never.", null=True),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("version", BIGINT, "Counts the row's writes.", default="1"),
        primary_key("job_id"),
        unique("name"),
        one_of("state", "idle", "running", "failed"),
    )
    create_table(
        "ops.system_config",
        "Settings that are kept in the database. One row per key and version; the highest is in force.",
        column("key", TEXT, "Name of the setting."),
        column("version", INTEGER, "Counts the setting's values, from 1."),
        column("value", JSONB, "The value; null = the setting was removed.", null=True),
        column("changed_by", TEXT, "Who set it."),
        column("changed_at", TIMESTAMPTZ, "When it was set.", default="now()"),
        column("reason", TEXT, "Why.", null=True),
        primary_key("key", "version"),
        check("version_positive", "version > 0"),
    )
    create_table(
        "ops.job_runs",
        "How jobs went. One row per run of a job.",
        identity("job_run_id", "Key of the run."),
        column("job_id", BIGINT, "Job that ran."),
        column("correlation_id", TEXT, "Finds its lines in the logs.", null=True),
        column("steps", JSONB, "Its steps: [{name, state, seconds, message}].", default="'[]'"),
        column("state", TEXT, "How far it is."),
        column("started_at", TIMESTAMPTZ, "When it began; null while planned.", null=True),
        column("finished_at", TIMESTAMPTZ, "When it ended; null until then.", null=True),
        column("error", TEXT, "Why it failed.", null=True),
        primary_key("job_run_id"),
        one_of("state", "planned", "running", "done", "failed", "abandoned"),
        check("started", "(started_at is null) = (state = 'planned')"),
        check("finished", "(finished_at is null) = (state in ('planned', 'running'))"),
        check("run_order", "finished_at >= started_at"),
        check("failure_told", "state <> 'failed' or error is not null"),
        check("steps_list", "jsonb_typeof(steps) = 'array'"),
    )
    foreign_key("ops.job_runs", ["job_id"], "ops.jobs")
    create_index("ops.job_runs", "job_id", "job_run_id")


def downgrade() -> None:
    drop_tables("ops.job_runs", "ops.system_config", "ops.jobs")
