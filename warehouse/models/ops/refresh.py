"""Schema ops, refresh: what is rolled up from what, how far each consumer has read, and what changed."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ARRAY, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from warehouse.models.audit import Snapshot, TransactionId, digests
from warehouse.models.base import (
    Base,
    Versioned,
    check,
    choice,
    column,
    defaulted,
    identity,
    one_of,
    table,
)
from warehouse.models.ops.partitions import QUALIFIED
from warehouse.models.ops.runs import Run, run_checks


class ScopeMode(StrEnum):
    WINDOW = "window"
    FORWARD = "forward"


class ScopeKey(StrEnum):
    """The key arrays that an audit event has."""

    ACCOUNT = "account_id"
    INSTRUMENT = "instrument_id"


class Environment(StrEnum):
    """Only production holds up the retirement of partitions: an analyst forgets a trial rollup."""

    PROD = "prod"
    DEV = "dev"


class RefreshKind(StrEnum):
    REFRESH = "refresh"
    BUILD = "build"  # the first contents, or all of them again
    SWAP = "swap"  # a changed definition
    VERIFY = "verify"


class Rollup(Versioned, Base):
    __tablename__ = "rollups"
    __table_args__ = table(
        "ops",
        "Tables that are kept equal to a view over facts. One row per rollup.",
        one_of("scope_mode", ScopeMode),
        one_of("scope_key", ScopeKey),
        one_of("environment", Environment),
        check("relation_qualified", f"relation {QUALIFIED}"),
        check("logic_view_qualified", f"logic_view {QUALIFIED}"),
        check("sources_named", "sources <> '{}' and array_position(sources, null) is null"),
        check(
            "key_columns_named", "key_columns <> '{}' and array_position(key_columns, null) is null"
        ),
        check("look_back_sense", "look_back = 0 or (look_back > 0 and scope_mode = 'forward')"),
        check("verified_whole", "(verified_at is null) = (verified_snapshot is null)"),
        *digests("definition_hash"),
    )

    relation: Mapped[str] = column("The table, as schema.table.", primary_key=True)
    logic_view: Mapped[str] = column("The view it is kept equal to, as schema.view.")
    sources: Mapped[list[str]] = column(
        "Tables the view reads, as schema.table, from the catalogue.", ARRAY(Text)
    )
    time_column: Mapped[str] = column("Column that a scope bounds in time.")
    bucket: Mapped[str | None] = column(
        "Span that a scope is widened to: an interval, exchange_day or all_time; null = rows stand alone."
    )
    scope_key: Mapped[ScopeKey | None] = choice(
        "Column that a scope bounds by key; null = by time alone.", ScopeKey
    )
    key_columns: Mapped[list[str]] = column("Columns that tell its rows apart.", ARRAY(Text))
    scope_mode: Mapped[ScopeMode] = choice(
        "Whether a change moves its bucket alone or everything after it.", ScopeMode
    )
    look_back: Mapped[int] = column(
        "Rows before the scope that a forward rollup starts from.",
        Integer,
        server_default=text("0"),
    )
    dimensions: Mapped[list[str]] = column(
        "Sources joined by key alone: a row added there changes nothing by itself.",
        ARRAY(Text),
        server_default=text("'{}'"),
    )
    partition_interval: Mapped[str | None] = column(
        "Span of its partitions, which a refresh makes as rows need them; null = it has none."
    )
    snapshot: Mapped[str | None] = column("What it has read to; null = never built.", Snapshot)
    source_floor: Mapped[datetime | None] = column(
        "Where its sources begin, rows below being frozen; null = nothing was retired yet."
    )
    definition_hash: Mapped[bytes] = column("SHA-256 of the definition its rows were made with.")
    environment: Mapped[Environment] = choice("Whose it is.", Environment)
    verified_snapshot: Mapped[str | None] = column(
        "What it had read to when it was last found equal to its view.", Snapshot
    )
    verified_at: Mapped[datetime | None] = column("When it was last found equal to its view.")


class Matview(Versioned, Base):
    __tablename__ = "matviews"
    __table_args__ = table(
        "ops",
        "How far each materialized view has read, and by which definition. One row per materialized view.",
        check("relation_qualified", f"relation {QUALIFIED}"),
        *digests("definition_hash"),
    )

    relation: Mapped[str] = column("The view, as schema.table.", primary_key=True)
    snapshot: Mapped[str] = column("What it has read to.", Snapshot)
    definition_hash: Mapped[bytes] = column(
        "SHA-256 of the definition its rows were made with, the views below it included."
    )


class RefreshRun(Run, Base):
    """Names its relation without a key: materialized views run too, and a trial rollup goes."""

    __tablename__ = "refresh_runs"
    __table_args__ = table(
        "ops",
        "What was refreshed, and what it changed. One row per run of one rollup or materialized view.",
        one_of("kind", RefreshKind),
        check("relation_qualified", f"relation {QUALIFIED}"),
        check(
            "counts_non_negative",
            "least(event_count, inserted_count, updated_count, deleted_count, difference_count) >= 0",
        ),
        *run_checks(),
        Index(None, "relation", "refresh_run_id"),
    )

    refresh_run_id: Mapped[int] = identity("Key of the run.")
    relation: Mapped[str] = column("What was refreshed, as schema.table.")
    kind: Mapped[RefreshKind] = choice("What was done.", RefreshKind)
    event_count: Mapped[int | None] = column("Events that were pending; null = not asked.")
    scopes: Mapped[list[dict[str, Any]]] = column(
        "Merged scopes it ran over: [{from, to, keys}].", JSONB, server_default=text("'[]'")
    )
    inserted_count: Mapped[int | None] = column("Rows inserted; null = a materialized view.")
    updated_count: Mapped[int | None] = column("Rows updated; null = a materialized view.")
    deleted_count: Mapped[int | None] = column("Rows deleted; null = a materialized view.")
    difference_count: Mapped[int | None] = column(
        "Rows a verify found to differ; null = no verify."
    )
    snapshot: Mapped[str | None] = column("What it has read to since; null = unchanged.", Snapshot)
    event_id: Mapped[int | None] = column(
        "Audit event it wrote; refers to audit.events.event_id; null = nothing differed."
    )


class Generation(Base):
    __tablename__ = "generations"
    __table_args__ = table(
        "ops",
        "How new each rollup and materialized view is. One row per relation.",
        check("relation_qualified", f"relation {QUALIFIED}"),
    )

    relation: Mapped[str] = column("The rollup or view, as schema.table.", primary_key=True)
    generation: Mapped[int] = column(
        "Newest event it has seen; refers to audit.events.event_id; changes when its rows do."
    )
    as_of: Mapped[datetime] = column("Time of that event.")
    changed_at: Mapped[datetime] = defaulted("When its rows last changed.", "now()")
    newest_data_at: Mapped[datetime | None] = column(
        "End of the newest time that its rows, or those below it, have told of; null = they have no time."
    )


class Cursor(Versioned, Base):
    """A batch too large for one transaction is read in pages up to `target_snapshot`.

    The position inside it is the last pair of (xid, event_id) in stable order.
    """

    __tablename__ = "cursors"
    __table_args__ = table(
        "ops",
        "How far each reader of the audit events has come. One row per consumer.",
        check("position_whole", "num_nulls(last_xid, last_event_id) in (0, 2)"),
        check("position_inside", "target_snapshot is null or last_xid is not null"),
    )

    consumer: Mapped[str] = column("Name of the reader.", primary_key=True)
    snapshot: Mapped[str | None] = column(
        "Everything visible in it has been read; null = nothing yet.", Snapshot
    )
    target_snapshot: Mapped[str | None] = column(
        "End of the batch being read in pages; null between batches.", Snapshot
    )
    last_xid: Mapped[int | None] = column("Transaction of the last event read.", TransactionId)
    last_event_id: Mapped[int | None] = column("Last event read; refers to audit.events.event_id.")
