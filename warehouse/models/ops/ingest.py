"""Schema ops, ingest: what was loaded, what was turned away, and how good the data is."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Index, text
from sqlalchemy.orm import Mapped

from warehouse.models.audit import digests
from warehouse.models.base import (
    Base,
    Timestamped,
    Versioned,
    check,
    choice,
    column,
    defaulted,
    identity,
    instrument,
    one_of,
    references,
    source,
    table,
)
from warehouse.models.market import Frequency
from warehouse.models.ops.partitions import QUALIFIED


class IngestKind(StrEnum):
    """What a file can hold, by the table its rows go to."""

    INSTRUMENTS = "instruments"
    INSTRUMENT_IDENTIFIERS = "instrument_identifiers"
    DAILY_MARKS = "daily_marks"
    FX_RATES = "fx_rates"
    BARS = "bars"
    KEY_STATISTICS = "key_statistics"
    INSTITUTIONAL_HOLDERS = "institutional_holders"
    OPTION_EXPIRATIONS = "option_expirations"
    OPTION_CHAINS = "option_chains"
    OPTION_CONTRACTS = "option_contracts"
    OPTION_QUOTES = "option_quotes"
    OPTION_DELIVERABLES = "option_deliverables"
    CORPORATE_ACTIONS = "corporate_actions"
    EVENTS = "events"
    EVENT_ODDS = "event_odds"
    EVENT_PREDICTIONS = "event_predictions"
    ORDERS = "orders"
    ORDER_ACTIVITIES = "order_activities"
    TRADES = "trades"
    TRANSACTIONS = "transactions"
    CASH_FLOWS = "cash_flows"
    SIGNALS = "signals"
    BOOKS = "books"
    PRINCIPALS = "principals"
    STRATEGIES = "strategies"
    TRADING_DAYS = "trading_days"
    ORDER_LEGS = "order_legs"
    EXECUTION_LEGS = "execution_legs"
    TRANSACTION_ITEMS = "transaction_items"
    PORTFOLIOS = "portfolios"
    PORTFOLIO_ACCOUNTS = "portfolio_accounts"
    WATCHLISTS = "watchlists"
    WATCHLIST_ITEMS = "watchlist_items"
    NOTIFICATION_RULES = "notification_rules"
    LIMITS = "limits"
    AUTHORS = "authors"
    CATEGORIES = "categories"
    BOOK_AUTHORS = "book_authors"
    BOOK_CATEGORIES = "book_categories"
    ACCOUNTS = "accounts"
    SOURCES = "sources"
    ALERTS = "alerts"


class IngestMode(StrEnum):
    INSERT = "insert"
    IGNORE = "ignore"
    UPSERT = "upsert"


class BatchState(StrEnum):
    RUNNING = "running"
    LOADED = "loaded"
    REFUSED = "refused"  # each row rejected, or more than were allowed: nothing was kept
    FAILED = "failed"


class QualityCheck(StrEnum):
    OHLC_ORDER = "ohlc_order"
    CALENDAR_GAP = "calendar_gap"
    STALE = "stale"
    SPIKE = "spike"
    SOURCES_DISAGREE = "sources_disagree"
    DUPLICATE = "duplicate"


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class Resolution(StrEnum):
    FIXED = "fixed"
    ACCEPTED = "accepted"
    FALSE_ALARM = "false_alarm"


class IngestBatch(Versioned, Base):
    __tablename__ = "ingest_batches"
    __table_args__ = table(
        "ops",
        "Loads. One row per attempt to load one file or stream.",
        one_of("kind", IngestKind),
        one_of("mode", IngestMode),
        one_of("state", BatchState),
        *digests("content_hash"),
        check(
            "counts_non_negative",
            "least(read_count, loaded_count, duplicate_count, rejected_count) >= 0",
        ),
        check(
            "every_row_accounted",
            "state <> 'loaded' or loaded_count + duplicate_count + rejected_count = read_count",
        ),
        # A refused or failed load stops where it stands, so only its promise to keep nothing holds.
        check("nothing_half_loaded", "state not in ('refused', 'failed') or loaded_count = 0"),
        check("finished", "(finished_at is null) = (state = 'running')"),
        check("run_order", "finished_at >= started_at"),
        check("failure_told", "state not in ('refused', 'failed') or error is not null"),
        # The same content is loaded once; what came to nothing may be tried again.
        Index(
            "ingest_batches_content_key",
            "content_hash",
            "kind",
            "source_id",
            unique=True,
            postgresql_where=text("state in ('running', 'loaded')"),
        ),
    )

    batch_id: Mapped[int] = identity("Key of the load; its events name it.")
    source_id: Mapped[int] = source("Source the rows are from.")
    kind: Mapped[IngestKind] = choice("What the rows are.", IngestKind)
    content_hash: Mapped[bytes] = column(
        "SHA-256 of the bytes and of the mapping they were read with: the identity of the load."
    )
    file_name: Mapped[str | None] = column("File as it was named; null = standard input.")
    byte_count: Mapped[int | None] = column("Size of the file; null = standard input.")
    mode: Mapped[IngestMode] = choice("What happens to a row that is there already.", IngestMode)
    is_backfill: Mapped[bool] = defaulted(
        "Whether whole partitions were loaded beside the table and attached.", "false"
    )
    read_count: Mapped[int] = defaulted("Rows read.", "0")
    loaded_count: Mapped[int] = defaulted("Rows inserted, or updated by an upsert.", "0")
    duplicate_count: Mapped[int] = defaulted("Rows that were there already and were left.", "0")
    rejected_count: Mapped[int] = defaulted("Rows turned away, in ops.ingest_rejects.", "0")
    state: Mapped[BatchState] = choice("How far it is.", BatchState)
    started_at: Mapped[datetime] = defaulted("When it began.", "now()")
    finished_at: Mapped[datetime | None] = column("When it ended; null until then.")
    error: Mapped[str | None] = column("Why it failed or was refused.")
    event_ids: Mapped[list[int]] = column(
        "Its audit events; each refers to audit.events.event_id.",
        ARRAY(BigInteger),
        server_default=text("'{}'"),
    )


class IngestReject(Base):
    __tablename__ = "ingest_rejects"
    __table_args__ = table(
        "ops",
        "Rows a load turned away, as they were read. One row per rejected row of a file.",
        check("line_no_positive", "line_no > 0"),
        check("reasons_given", "jsonb_typeof(reasons) = 'object' and reasons <> '{}'"),
    )

    batch_id: Mapped[int] = references(
        "ops.ingest_batches.batch_id", "Load that turned it away.", primary_key=True
    )
    reject_id: Mapped[int] = identity("Key of the reject.")
    file_name: Mapped[str | None] = column("File it stands in; null = standard input.")
    line_no: Mapped[int] = column("Line it begins on, from 1; in Parquet the row.")
    raw: Mapped[str] = column("The row as it was read; bytes that text cannot hold are escaped.")
    reasons: Mapped[dict[str, Any]] = column("Why, in plain words, by column.")


class InstrumentDataStatus(Timestamped, Base):
    __tablename__ = "instrument_data_status"
    __table_args__ = table(
        "ops",
        "How far each feed has come. One row per instrument, source and frequency.",
        one_of("frequency", Frequency),
        check("data_order", "first_at <= last_at"),
        check("error_told", "(last_error_at is null) = (last_error is null)"),
    )

    instrument_id: Mapped[int] = instrument(primary_key=True)
    source_id: Mapped[int] = source("Source the data is from.", primary_key=True)
    frequency: Mapped[Frequency] = choice("Frequency of the bars.", Frequency, primary_key=True)
    first_at: Mapped[datetime | None] = column("Time of the earliest row; null = none yet.")
    last_at: Mapped[datetime | None] = column("Time of the latest row; null = none yet.")
    last_success_at: Mapped[datetime | None] = column("When data last came in.")
    last_error_at: Mapped[datetime | None] = column("When it last failed to.")
    last_error: Mapped[str | None] = column("Why it failed then.")


class DataQualityFinding(Versioned, Base):
    __tablename__ = "data_quality_findings"
    __table_args__ = table(
        "ops",
        "What is wrong with the data. One row per finding.",
        one_of("check_name", QualityCheck),
        one_of("severity", Severity),
        one_of("resolution", Resolution),
        one_of("frequency", Frequency),
        check("relation_qualified", f"relation {QUALIFIED}"),
        check("time_order", "time_from < time_to"),
        check("seen_order", "last_seen_at >= detected_at"),
        check("resolution_whole", "num_nulls(resolution, resolved_at, resolved_by) in (0, 3)"),
        # A finding met again every night is the same finding until someone resolves it.
        Index(
            "data_quality_findings_open_key",
            "check_name",
            "relation",
            "instrument_id",
            "source_id",
            "frequency",
            "time_from",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("resolved_at is null"),
        ),
        Index(None, "detected_at", "finding_id"),
    )

    finding_id: Mapped[int] = identity("Key of the finding.")
    check_name: Mapped[QualityCheck] = choice("Check that found it.", QualityCheck)
    severity: Mapped[Severity] = choice("How bad it is.", Severity)
    relation: Mapped[str] = column("Table the rows are in, as schema.table.")
    instrument_id: Mapped[int | None] = instrument("Instrument it is about; null = several.")
    source_id: Mapped[int | None] = source("Source it is about; null = several.")
    frequency: Mapped[Frequency | None] = choice(
        "Frequency of the bars; null = other data.", Frequency
    )
    time_from: Mapped[datetime | None] = column("First moment it is about; null = no one time.")
    time_to: Mapped[datetime | None] = column("End of the time it is about, exclusive.")
    message: Mapped[str] = column("What is wrong, in plain words.")
    details: Mapped[dict[str, Any]] = defaulted("The figures behind it.", "'{}'")
    batch_id: Mapped[int | None] = references(
        "ops.ingest_batches.batch_id", "Load that brought it in; null = found later."
    )
    detected_at: Mapped[datetime] = defaulted("When it was first found.", "now()")
    last_seen_at: Mapped[datetime] = defaulted("When it was last found.", "now()")
    resolution: Mapped[Resolution | None] = choice("What became of it; null = open.", Resolution)
    resolved_at: Mapped[datetime | None] = column("When it was resolved; null = open.")
    resolved_by: Mapped[str | None] = column("Who resolved it; null = open.")
    resolution_note: Mapped[str | None] = column("What was done about it.")
