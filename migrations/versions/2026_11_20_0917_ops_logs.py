"""Logs of the services, cut by day.

Kept for thirty days unless the policy says otherwise.
"""

from migrations.helpers import (
    BIGINT,
    DOUBLE,
    JSONB,
    TEXT,
    TIMESTAMPTZ,
    check,
    column,
    create_brin,
    create_index,
    create_table,
    drop_tables,
    identity,
    one_of,
    primary_key,
)

revision = "ops_logs"
down_revision = "ops_jobs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "ops.performance_logs",
        "How long work took. One row per operation that was timed.",
        column("logged_at", TIMESTAMPTZ, "When it ended.", default="now()"),
        identity("performance_log_id", "Key of the measurement."),
        column("service", TEXT, "Service that did the work."),
        column("operation", TEXT, "What was done."),
        column("duration_ms", DOUBLE, "How long it took."),
        column("row_count", BIGINT, "Rows it dealt with; null = not counted.", null=True),
        column("correlation_id", TEXT, "Joins it to the request or run it was part of.", null=True),
        primary_key("logged_at", "performance_log_id"),
        check("row_count_sense", "row_count >= 0"),
        check("duration_ms_non_negative", "duration_ms >= 0 and duration_ms < 'Infinity'"),
        partition_by="logged_at",
    )
    create_table(
        "ops.system_logs",
        "What the services said. One row per message.",
        column("logged_at", TIMESTAMPTZ, "When it was said.", default="now()"),
        identity("system_log_id", "Key of the message."),
        column("service", TEXT, "Service that said it."),
        column("level", TEXT, "How bad it is."),
        column("event_type", TEXT, "What kind of thing happened."),
        column("correlation_id", TEXT, "Joins it to the request or run it came from.", null=True),
        column("message", TEXT, "What happened, in plain words."),
        column("payload", JSONB, "The values behind it.", default="'{}'"),
        primary_key("logged_at", "system_log_id"),
        one_of("level", "debug", "info", "warning", "error", "critical"),
        partition_by="logged_at",
    )
    create_brin("ops.performance_logs", "logged_at")
    create_index("ops.performance_logs", "service", "operation", "logged_at")
    create_index(
        "ops.system_logs", "correlation_id", "logged_at", where="correlation_id is not null"
    )
    create_brin("ops.system_logs", "logged_at")


def downgrade() -> None:
    drop_tables("ops.system_logs", "ops.performance_logs")
