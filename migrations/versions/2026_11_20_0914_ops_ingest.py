"""Loads, rejects, data status and quality findings.

A load is known by its content, so it happens once.
"""

from migrations.helpers import (
    BIGINT,
    BIGINTS,
    BOOLEAN,
    BYTEA,
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
)

revision = "ops_ingest"
down_revision = "ops_partitions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "ops.ingest_batches",
        "Loads. One row per attempt to load one file or stream.",
        identity("batch_id", "Key of the load; its events name it."),
        column("source_id", BIGINT, "Source the rows are from."),
        column("kind", TEXT, "What the rows are."),
        column(
            "content_hash",
            BYTEA,
            "SHA-256 of the bytes and of the mapping they were read with: the identity of the load.",
        ),
        column("file_name", TEXT, "File as it was named; null = standard input.", null=True),
        column("byte_count", BIGINT, "Size of the file; null = standard input.", null=True),
        column("mode", TEXT, "What happens to a row that is there already."),
        column(
            "is_backfill",
            BOOLEAN,
            "Whether whole partitions were loaded beside the table and attached.",
            default="false",
        ),
        column("read_count", BIGINT, "Rows read.", default="0"),
        column("loaded_count", BIGINT, "Rows inserted, or updated by an upsert.", default="0"),
        column(
            "duplicate_count", BIGINT, "Rows that were there already and were left.", default="0"
        ),
        column("rejected_count", BIGINT, "Rows turned away, in ops.ingest_rejects.", default="0"),
        column("state", TEXT, "How far it is."),
        column("started_at", TIMESTAMPTZ, "When it began.", default="now()"),
        column("finished_at", TIMESTAMPTZ, "When it ended; null until then.", null=True),
        column("error", TEXT, "Why it failed or was refused.", null=True),
        column(
            "event_ids",
            BIGINTS,
            "Its audit events; each refers to audit.events.event_id.",
            default="'{}'",
        ),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("version", BIGINT, "Counts the row's writes.", default="1"),
        primary_key("batch_id"),
        one_of(
            "kind",
            "instruments",
            "instrument_identifiers",
            "daily_marks",
            "fx_rates",
            "bars",
            "key_statistics",
            "institutional_holders",
            "option_expirations",
            "option_chains",
            "option_contracts",
            "option_quotes",
            "option_deliverables",
            "corporate_actions",
            "events",
            "event_odds",
            "event_predictions",
            "orders",
            "order_activities",
            "trades",
            "transactions",
            "cash_flows",
            "signals",
            "books",
        ),
        one_of("mode", "insert", "ignore", "upsert"),
        one_of("state", "running", "loaded", "refused", "failed"),
        check("content_hash_sha256", "octet_length(content_hash) = 32"),
        check(
            "counts_non_negative",
            "least(read_count, loaded_count, duplicate_count, rejected_count) >= 0",
        ),
        check(
            "every_row_accounted",
            "state <> 'loaded' or loaded_count + duplicate_count + rejected_count = read_count",
        ),
        check("nothing_half_loaded", "state not in ('refused', 'failed') or loaded_count = 0"),
        check("finished", "(finished_at is null) = (state = 'running')"),
        check("run_order", "finished_at >= started_at"),
        check("failure_told", "state not in ('refused', 'failed') or error is not null"),
    )
    create_table(
        "ops.instrument_data_status",
        "How far each feed has come. One row per instrument, source and frequency.",
        column("instrument_id", BIGINT, "Instrument the row is about."),
        column("source_id", BIGINT, "Source the data is from."),
        column("frequency", TEXT, "Frequency of the bars."),
        column("first_at", TIMESTAMPTZ, "Time of the earliest row; null = none yet.", null=True),
        column("last_at", TIMESTAMPTZ, "Time of the latest row; null = none yet.", null=True),
        column("last_success_at", TIMESTAMPTZ, "When data last came in.", null=True),
        column("last_error_at", TIMESTAMPTZ, "When it last failed to.", null=True),
        column("last_error", TEXT, "Why it failed then.", null=True),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        primary_key("instrument_id", "source_id", "frequency"),
        one_of("frequency", "1m", "5m", "15m", "30m", "1h", "1d", "1w"),
        check("data_order", "first_at <= last_at"),
        check("error_told", "(last_error_at is null) = (last_error is null)"),
    )
    create_table(
        "ops.data_quality_findings",
        "What is wrong with the data. One row per finding.",
        identity("finding_id", "Key of the finding."),
        column("check_name", TEXT, "Check that found it."),
        column("severity", TEXT, "How bad it is."),
        column("relation", TEXT, "Table the rows are in, as schema.table."),
        column("instrument_id", BIGINT, "Instrument it is about; null = several.", null=True),
        column("source_id", BIGINT, "Source it is about; null = several.", null=True),
        column("frequency", TEXT, "Frequency of the bars; null = other data.", null=True),
        column(
            "time_from", TIMESTAMPTZ, "First moment it is about; null = no one time.", null=True
        ),
        column("time_to", TIMESTAMPTZ, "End of the time it is about, exclusive.", null=True),
        column("message", TEXT, "What is wrong, in plain words."),
        column("details", JSONB, "The figures behind it.", default="'{}'"),
        column("batch_id", BIGINT, "Load that brought it in; null = found later.", null=True),
        column("detected_at", TIMESTAMPTZ, "When it was first found.", default="now()"),
        column("last_seen_at", TIMESTAMPTZ, "When it was last found.", default="now()"),
        column("resolution", TEXT, "What became of it; null = open.", null=True),
        column("resolved_at", TIMESTAMPTZ, "When it was resolved; null = open.", null=True),
        column("resolved_by", TEXT, "Who resolved it; null = open.", null=True),
        column("resolution_note", TEXT, "What was done about it.", null=True),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("version", BIGINT, "Counts the row's writes.", default="1"),
        primary_key("finding_id"),
        one_of(
            "check_name",
            "ohlc_order",
            "calendar_gap",
            "stale",
            "spike",
            "sources_disagree",
            "duplicate",
        ),
        one_of("severity", "info", "warning", "error", "critical"),
        one_of("resolution", "fixed", "accepted", "false_alarm"),
        one_of("frequency", "1m", "5m", "15m", "30m", "1h", "1d", "1w"),
        check("relation_qualified", "relation ~ '^[^.]+[.][^.]+$'"),
        check("time_order", "time_from < time_to"),
        check("seen_order", "last_seen_at >= detected_at"),
        check("resolution_whole", "num_nulls(resolution, resolved_at, resolved_by) in (0, 3)"),
    )
    create_table(
        "ops.ingest_rejects",
        "Rows a load turned away, as they were read. One row per rejected row of a file.",
        column("batch_id", BIGINT, "Load that turned it away."),
        identity("reject_id", "Key of the reject."),
        column("file_name", TEXT, "File it stands in; null = standard input.", null=True),
        column("line_no", BIGINT, "Line it begins on, from 1; in Parquet the row."),
        column("raw", TEXT, "The row as it was read; bytes that text cannot hold are escaped."),
        column("reasons", JSONB, "Why, in plain words, by column."),
        primary_key("batch_id", "reject_id"),
        check("line_no_positive", "line_no > 0"),
        check("reasons_given", "jsonb_typeof(reasons) = 'object' and reasons <> '{}'"),
    )
    foreign_key("ops.ingest_batches", ["source_id"], "reference.sources")
    foreign_key("ops.instrument_data_status", ["instrument_id"], "reference.instruments")
    foreign_key("ops.instrument_data_status", ["source_id"], "reference.sources")
    foreign_key("ops.data_quality_findings", ["batch_id"], "ops.ingest_batches")
    foreign_key("ops.data_quality_findings", ["instrument_id"], "reference.instruments")
    foreign_key("ops.data_quality_findings", ["source_id"], "reference.sources")
    foreign_key("ops.ingest_rejects", ["batch_id"], "ops.ingest_batches")
    create_index(
        "ops.ingest_batches",
        "content_hash",
        "kind",
        "source_id",
        name="ingest_batches_content_key",
        unique=True,
        where="state in ('running', 'loaded')",
    )
    create_index("ops.data_quality_findings", "detected_at", "finding_id")
    create_index(
        "ops.data_quality_findings",
        "check_name",
        "relation",
        "instrument_id",
        "source_id",
        "frequency",
        "time_from",
        name="data_quality_findings_open_key",
        unique=True,
        where="resolved_at is null",
        nulls_not_distinct=True,
    )


def downgrade() -> None:
    drop_tables(
        "ops.ingest_rejects",
        "ops.data_quality_findings",
        "ops.instrument_data_status",
        "ops.ingest_batches",
    )
