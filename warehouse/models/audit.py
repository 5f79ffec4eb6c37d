"""Schema audit: what was written, sealed and read, and what must not be retired.

Events are written by `audit.record_event` alone, never through the session.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Index,
    Integer,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.orm import Mapped
from sqlalchemy.types import UserDefinedType

from warehouse.models.base import (
    Base,
    Partitioning,
    Versioned,
    check,
    choice,
    column,
    defaulted,
    identity,
    references,
    table,
)


class TransactionId(UserDefinedType[int]):
    """A transaction's 64-bit id, which never wraps; the driver knows no such type and carries text."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"

    def bind_processor(self, dialect: Any) -> Any:  # noqa: ARG002 - SQLAlchemy passes it
        return lambda value: None if value is None else str(value)

    def result_processor(self, dialect: Any, coltype: object) -> Any:  # noqa: ARG002 - as above
        return lambda value: None if value is None else int(value)


class Snapshot(UserDefinedType[str]):
    """Which transactions were visible at a moment, as PostgreSQL writes it: xmin:xmax:running."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "pg_snapshot"


# Without these the catalogue's columns reflect as untyped, and `alembic check` compares nothing.
ischema_names.update({"xid8": TransactionId, "pg_snapshot": Snapshot})


class Operation(StrEnum):
    """What a trigger can know (COPY and MERGE arrive as their parts), then what the tools do to tables.

    The first four and `refresh` change rows, so rollups must see them; the rest move or rebuild
    storage without changing what the rows say.
    """

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    TRUNCATE = "truncate"
    REFRESH = "refresh"
    ATTACH = "attach"
    DETACH = "detach"
    ARCHIVE = "archive"
    RESTORE = "restore"
    DROP = "drop"
    REBASE = "rebase"
    INDEX = "index"
    DROP_INDEX = "drop_index"


def setting(name: str) -> str:
    """What the transaction says of itself, else null; in PostgreSQL's words, see `Recorded`."""
    return f"NULLIF(current_setting('warehouse.{name}'::text, true), ''::text)"


def digests(*columns: str) -> Iterable[CheckConstraint]:
    """A SHA-256, as its 32 bytes."""
    return [check(f"{c}_sha256", f"octet_length({c}) = 32") for c in columns]


ASKED_FOR = text("request_id is not null")
KEY_ARRAYS = ("account_ids", "instrument_ids")
UNLISTED = text(" or ".join(f"{keys} is null" for keys in KEY_ARRAYS))


class AuditEvent(Base):
    """Key arrays: null = too many to list, so any key; empty = the rows name none.

    Whoever asks for one key takes the events that list it (`events_keys_idx`) and the few that
    would not list it (`events_unlisted_idx`). To a rollup with a key that the written table does
    not have, an empty array says as little as null: every key may have moved.

    No constraints: `audit.record_event` asks what must hold, and the triggers' functions can write
    nothing else. Reading six constraints anew for each statement was a quarter of an event's cost.
    """

    __tablename__ = "events"
    __table_args__ = table(
        "audit",
        "What was written, by whom and where it reaches. One row per transaction, table and operation.",
        Index(None, "xid", "event_id"),
        Index(None, "occurred_at", "event_id"),
        Index(None, "table_schema", "table_name", "occurred_at", "event_id"),
        Index(None, "actor", "occurred_at", "event_id"),
        Index(None, "request_id", "occurred_at", "event_id", postgresql_where=ASKED_FOR),
        Index("events_keys_idx", *KEY_ARRAYS, postgresql_using="gin"),
        Index(
            "events_unlisted_idx",
            "table_schema",
            "table_name",
            "occurred_at",
            "event_id",
            postgresql_where=UNLISTED,
        ),
        partition=Partitioning("occurred_at", "month"),
    )

    event_id: Mapped[int] = identity("Key of the event; the rows it is about carry it.")
    # The transaction's start: a transaction's events share it, so "as of" never splits one.
    occurred_at: Mapped[datetime] = column(
        "When the transaction began.", primary_key=True, server_default=text("now()")
    )
    xid: Mapped[int] = column(
        "Transaction that wrote it; readers go by snapshot, then (xid, event_id).",
        TransactionId,
        server_default=text("pg_current_xact_id()"),
    )
    actor: Mapped[str] = defaulted(
        "Who did it, as the application says; else the login role.",
        f"COALESCE({setting('actor')}, (SESSION_USER)::text)",
    )
    login_role: Mapped[str] = defaulted(
        "Role that was logged in, which no setting can change.", "session_user"
    )
    application: Mapped[str | None] = defaulted(
        "Program it was done with; null if it gave no name.",
        f"COALESCE({setting('application')}, NULLIF(current_setting('application_name'::text), ''::text))",
    )
    request_id: Mapped[str | None] = defaulted(
        "Request or command it was done for.", setting("request_id")
    )
    reason: Mapped[str | None] = defaulted("Why, in the actor's words.", setting("reason"))
    table_schema: Mapped[str] = column("Schema of the table written.")
    table_name: Mapped[str] = column("Table written; the parent of a partition.")
    operation: Mapped[Operation] = choice("What was done to the table.", Operation)
    row_count: Mapped[int] = column("Rows it touched.")
    time_from: Mapped[datetime | None] = column(
        "Earliest table time touched, old or new; null with time_to = all of time."
    )
    time_to: Mapped[datetime | None] = column("End of the times touched, exclusive.")
    account_ids: Mapped[list[int] | None] = column(
        "Accounts touched, ascending; null = too many to list, empty = the rows name none.",
        ARRAY(BigInteger),
    )
    instrument_ids: Mapped[list[int] | None] = column(
        "Instruments touched, ascending; null = too many to list, empty = the rows name none.",
        ARRAY(BigInteger),
    )
    batch_id: Mapped[int | None] = defaulted(
        "Load that wrote the rows; refers to ops.ingest_batches.batch_id.",
        f"({setting('batch_id')})::bigint",
    )
    digest: Mapped[bytes | None] = column("SHA-256 over the rows as written; null if not taken.")


class Image(Base):
    """Beside the events, since one statement may change more rows than a value can hold."""

    __tablename__ = "images"
    __table_args__ = table(
        "audit",
        "Rows as they were and as they became, where a write changed them. One row per changed row.",
        Index(None, "table_schema", "table_name", "row_key", "occurred_at", "event_id"),
        Index(
            "images_replaced_idx",
            text("((before ->> 'event_id')::bigint)"),
            postgresql_where=text("before ->> 'event_id' is not null"),
        ),
        partition=Partitioning("occurred_at", "month"),
    )

    event_id: Mapped[int] = column(
        "Event of the change; refers to audit.events.event_id.", primary_key=True
    )
    occurred_at: Mapped[datetime] = column("Time of that event.", primary_key=True)
    image_no: Mapped[int] = column("Place in the event, from 1.", primary_key=True)
    table_schema: Mapped[str] = column("Schema of the table written.")
    table_name: Mapped[str] = column("Table written; the parent of a partition.")
    row_key: Mapped[str] = column("Primary key of the row, its columns joined by '/'.")
    before: Mapped[dict[str, Any] | None] = column(
        "The row as it was; null = it was not there.", JSONB(none_as_null=True)
    )
    after: Mapped[dict[str, Any] | None] = column(
        "The row as it became; null = it is gone, or it is a restated fact that stands so still.",
        JSONB(none_as_null=True),
    )


class Shapes(Base):
    """Kept apart from the seals, since a year of them shares a few of these."""

    __tablename__ = "shapes"
    __table_args__ = table(
        "audit",
        "Which columns the audited tables had when rows were sealed. One row per state of the schema.",
        check("shapes_sha256_of_text", "shapes_sha256 = sha256(convert_to(shapes, 'UTF8'))"),
    )

    shapes_sha256: Mapped[bytes] = column("SHA-256 of the text.", primary_key=True)
    shapes: Mapped[str] = column("JSON: by table, the names and types of its columns in order.")
    first_seen_at: Mapped[datetime] = defaulted("When it was first sealed with.", "now()")


class Seal(Base):
    """Leaves are kept by name and hash.

    So a batch outlives a restore, which gives its events new xids, an altered leaf is told from its
    neighbours, and proofs can be made after the partition has gone.
    """

    __tablename__ = "seals"
    __table_args__ = table(
        "audit",
        "Signed heads of the log, each naming the one before. One row per sealed batch of events.",
        UniqueConstraint("head_hash"),
        # Two heads on one predecessor would be a fork.
        UniqueConstraint("previous_head_hash", postgresql_nulls_not_distinct=True),
        check("chain_start", "(seal_id = 1) = (previous_head_hash is null)"),
        check("leaf_count_sense", "leaf_count > 0 and leaf_count <= tree_size"),
        check("row_count_sense", "row_count >= 0"),
        check("event_ids_length", "cardinality(event_ids) = leaf_count"),
        check("leaf_hashes_length", "octet_length(leaf_hashes) = 32 * leaf_count"),
        check("evidence_hashes_length", "octet_length(evidence_hashes) = 32 * leaf_count"),
        check("log_peaks_length", "octet_length(log_peaks) % 32 = 0"),
        check("event_order", "first_event_id <= last_event_id"),
        check("time_order", "first_occurred_at <= last_occurred_at"),
        check("signature_ed25519", "octet_length(signature) = 64"),
        *digests("merkle_root", "batch_hash", "log_root", "previous_head_hash", "head_hash"),
        Index(None, "last_event_id"),
    )

    # Not an identity: a rolled-back draw would leave a gap, and a gap must mean a deletion.
    seal_id: Mapped[int] = column(
        "Number of the batch: 1, 2, 3 without a gap.", primary_key=True, autoincrement=False
    )
    snapshot: Mapped[str] = column("What the sealer had read to with this batch.", Snapshot)
    first_event_id: Mapped[int] = column("Lowest event in it; refers to audit.events.event_id.")
    last_event_id: Mapped[int] = column("Highest event in it; refers to audit.events.event_id.")
    first_occurred_at: Mapped[datetime] = column("Earliest event's time: where to look for them.")
    last_occurred_at: Mapped[datetime] = column("Latest event's time.")
    event_ids: Mapped[list[int]] = column(
        "Its events in leaf order; each refers to audit.events.event_id.", ARRAY(BigInteger)
    )
    leaf_hashes: Mapped[bytes] = column("Their leaf hashes in the same order, 32 bytes each.")
    leaf_count: Mapped[int] = column("Events in the batch.")
    tree_size: Mapped[int] = column("Events sealed so far, this batch included.")
    canonical_version: Mapped[int] = column(
        "Version of the form that was hashed: which fields, in which framing.", Integer
    )
    merkle_root: Mapped[bytes] = column("Root of the batch's tree, as in RFC 6962.")
    previous_head_hash: Mapped[bytes | None] = references(
        "audit.seals.head_hash", "Head before this one; null in the first."
    )
    head_hash: Mapped[bytes] = column(
        "Hash of this head: its number, counts, root and predecessor."
    )
    signature: Mapped[bytes] = column("Ed25519 signature of the head's hash.")
    key_id: Mapped[str] = column("Fingerprint of the public key that checks the signature.")
    sealed_at: Mapped[datetime] = defaulted("When it was sealed.", "now()")
    row_count: Mapped[int] = column("Rows and images that were hashed for it.")
    evidence_hashes: Mapped[bytes] = column(
        "What each event's rows and images hash to, in the same order, 32 bytes each."
    )
    shapes_sha256: Mapped[bytes] = references(
        "audit.shapes.shapes_sha256",
        "Columns that its rows were hashed with; refers to audit.shapes.shapes_sha256.",
    )
    batch_hash: Mapped[bytes] = column("The batch as a leaf of the log's tree.")
    log_root: Mapped[bytes] = column("Root of the tree over all batches so far, this one included.")
    log_peaks: Mapped[bytes] = column(
        "Roots of that tree's perfect subtrees, 32 bytes each: the next batch goes on from here."
    )


class Access(Base):
    """No foreign keys: a reader that was deleted since must not take its record along or hold it up."""

    __tablename__ = "access"
    __table_args__ = table(
        "audit",
        "Who read what. One row per report that was asked for.",
        check("row_count_sense", "row_count >= 0"),
        check("status_range", "status between 100 and 599"),
        check("filter_object", "jsonb_typeof(filter) = 'object'"),
        Index(None, "principal_id", "accessed_at", "access_id"),
        Index(None, "report", "accessed_at", "access_id"),
        Index(None, "request_id", postgresql_where=ASKED_FOR),
        partition=Partitioning("accessed_at", "month"),
    )

    accessed_at: Mapped[datetime] = column(
        "When it was asked for.", primary_key=True, server_default=text("now()")
    )
    access_id: Mapped[int] = identity("Key of the record.")
    api_key_id: Mapped[int | None] = column(
        "Key it was read with; refers to ops.api_keys.api_key_id; null = a token or a login."
    )
    principal_id: Mapped[int | None] = column(
        "Whose key or token; refers to reference.principals.principal_id; null = unknown."
    )
    login_role: Mapped[str] = defaulted("Role that was logged in.", "session_user")
    report: Mapped[str] = column("Report or page that was read.")
    filter: Mapped[dict[str, Any]] = defaulted("What was asked for, by parameter.", "'{}'")
    row_count: Mapped[int | None] = column(
        "Rows in the answer; null = streamed, or not known when it began."
    )
    status: Mapped[int] = column("HTTP status of the answer.", Integer)
    request_id: Mapped[str | None] = column("Request it belongs to.")


class Hold(Versioned, Base):
    __tablename__ = "holds"
    __table_args__ = table(
        "audit",
        "Legal holds: data that must not be retired. One row per hold on a table and range.",
        check("time_order", "time_from < time_to"),
        check("release_whole", "(released_at is null) = (released_by is null)"),
        check("release_order", "released_at >= placed_at"),
    )

    hold_id: Mapped[int] = identity("Key of the hold.")
    table_schema: Mapped[str] = column("Schema of the table held.")
    table_name: Mapped[str] = column("Table held; the parent of its partitions.")
    time_from: Mapped[datetime | None] = column("First moment held; null = from the beginning.")
    time_to: Mapped[datetime | None] = column("End of what is held, exclusive; null = no end.")
    reason: Mapped[str] = column("Matter the data is held for.")
    placed_by: Mapped[str] = column("Who placed it.")
    placed_at: Mapped[datetime] = defaulted("When it was placed.", "now()")
    released_by: Mapped[str | None] = column("Who released it; null while it holds.")
    released_at: Mapped[datetime | None] = column("When it was released; null while it holds.")
