"""Events, seals, accesses and legal holds.

Every other table's rows name an event here.
"""

from alembic import op

from migrations.helpers import (
    BIGINT,
    BIGINTS,
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
    create_brin,
    create_index,
    create_table,
    drop_tables,
    foreign_key,
    identity,
    one_of,
    primary_key,
    run_sql,
    unique,
)

revision = "audit"
down_revision = "risk"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "audit.access",
        "Who read what. One row per report that was asked for.",
        column("accessed_at", TIMESTAMPTZ, "When it was asked for.", default="now()"),
        identity("access_id", "Key of the record."),
        column(
            "api_key_id",
            BIGINT,
            "Key it was read with; refers to ops.api_keys.api_key_id; null = a token or a login.",
            null=True,
        ),
        column(
            "principal_id",
            BIGINT,
            "Whose key or token; refers to reference.principals.principal_id; null = unknown.",
            null=True,
        ),
        column("login_role", TEXT, "Role that was logged in.", default="session_user"),
        column("report", TEXT, "Report or page that was read."),
        column("filter", JSONB, "What was asked for, by parameter.", default="'{}'"),
        column(
            "row_count",
            BIGINT,
            "Rows in the answer; null = streamed, or not known when it began.",
            null=True,
        ),
        column("status", INTEGER, "HTTP status of the answer."),
        column("request_id", TEXT, "Request it belongs to.", null=True),
        primary_key("accessed_at", "access_id"),
        check("row_count_sense", "row_count >= 0"),
        check("status_range", "status between 100 and 599"),
        check("filter_object", "jsonb_typeof(filter) = 'object'"),
        partition_by="accessed_at",
    )
    create_table(
        "audit.events",
        "What was written, by whom and where it reaches. One row per transaction, table and operation.",
        identity("event_id", "Key of the event; the rows it is about carry it."),
        column("occurred_at", TIMESTAMPTZ, "When the transaction began.", default="now()"),
        column(
            "xid",
            XID8,
            "Transaction that wrote it; readers go by snapshot, then (xid, event_id).",
            default="pg_current_xact_id()",
        ),
        column("actor", TEXT, "Who did it, as the application says; else the login role."),
        column(
            "login_role",
            TEXT,
            "Role that was logged in, which no setting can change.",
            default="session_user",
        ),
        column(
            "application", TEXT, "Program it was done with; null if it gave no name.", null=True
        ),
        column("request_id", TEXT, "Request or command it was done for.", null=True),
        column("reason", TEXT, "Why, in the actor's words.", null=True),
        column("table_schema", TEXT, "Schema of the table written."),
        column("table_name", TEXT, "Table written; the parent of a partition."),
        column("operation", TEXT, "What was done to the table."),
        column("row_count", BIGINT, "Rows it touched."),
        column(
            "time_from",
            TIMESTAMPTZ,
            "Earliest table time touched, old or new; null with time_to = all of time.",
            null=True,
        ),
        column("time_to", TIMESTAMPTZ, "End of the times touched, exclusive.", null=True),
        column(
            "account_ids",
            BIGINTS,
            "Accounts touched, ascending; null = too many to list, empty = the rows name none.",
            null=True,
        ),
        column(
            "instrument_ids",
            BIGINTS,
            "Instruments touched, ascending; null = too many to list, empty = the rows name none.",
            null=True,
        ),
        column(
            "row_keys",
            TEXTS,
            "Keys of the rows in images, ascending; null = too many to list, empty = no images.",
            null=True,
        ),
        column(
            "batch_id",
            BIGINT,
            "Load that wrote the rows; refers to ops.ingest_batches.batch_id.",
            null=True,
        ),
        column("digest", BYTEA, "SHA-256 over the rows as written; null if not taken.", null=True),
        column(
            "images",
            JSONB,
            "Rows that were replaced or can be: [{key, before, after}], key = primary key joined by '/'.",
            null=True,
        ),
        primary_key("event_id", "occurred_at"),
        one_of(
            "operation",
            "insert",
            "update",
            "delete",
            "truncate",
            "refresh",
            "attach",
            "detach",
            "archive",
            "restore",
            "drop",
            "rebase",
        ),
        check(
            "row_count_sense",
            "row_count >= 0 and (row_count > 0 or operation not in ('insert', 'update', 'delete'))",
        ),
        check(
            "time_range",
            "(time_from is null) = (time_to is null) and time_from < time_to and isfinite(time_from) and isfinite(time_to)",
        ),
        check("account_ids_whole", "array_position(account_ids, null) is null"),
        check("instrument_ids_whole", "array_position(instrument_ids, null) is null"),
        check("row_keys_whole", "array_position(row_keys, null) is null"),
        check("images_list", "jsonb_typeof(images) = 'array'"),
        check("digest_sha256", "octet_length(digest) = 32"),
        partition_by="occurred_at",
    )
    create_table(
        "audit.holds",
        "Legal holds: data that must not be retired. One row per hold on a table and range.",
        identity("hold_id", "Key of the hold."),
        column("table_schema", TEXT, "Schema of the table held."),
        column("table_name", TEXT, "Table held; the parent of its partitions."),
        column(
            "time_from", TIMESTAMPTZ, "First moment held; null = from the beginning.", null=True
        ),
        column("time_to", TIMESTAMPTZ, "End of what is held, exclusive; null = no end.", null=True),
        column("reason", TEXT, "Matter the data is held for."),
        column("placed_by", TEXT, "Who placed it."),
        column("placed_at", TIMESTAMPTZ, "When it was placed.", default="now()"),
        column("released_by", TEXT, "Who released it; null while it holds.", null=True),
        column("released_at", TIMESTAMPTZ, "When it was released; null while it holds.", null=True),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("version", BIGINT, "Counts the row's writes.", default="1"),
        primary_key("hold_id"),
        check("time_order", "time_from < time_to"),
        check("release_whole", "(released_at is null) = (released_by is null)"),
        check("release_order", "released_at >= placed_at"),
    )
    create_table(
        "audit.seals",
        "Signed heads of the log, each naming the one before. One row per sealed batch of events.",
        column("seal_id", BIGINT, "Number of the batch: 1, 2, 3 without a gap."),
        column("snapshot", SNAPSHOT, "What the sealer had read to with this batch."),
        column("first_event_id", BIGINT, "Lowest event in it; refers to audit.events.event_id."),
        column("last_event_id", BIGINT, "Highest event in it; refers to audit.events.event_id."),
        column("first_occurred_at", TIMESTAMPTZ, "Earliest event's time: where to look for them."),
        column("last_occurred_at", TIMESTAMPTZ, "Latest event's time."),
        column(
            "event_ids", BIGINTS, "Its events in leaf order; each refers to audit.events.event_id."
        ),
        column("leaf_hashes", BYTEA, "Their leaf hashes in the same order, 32 bytes each."),
        column("leaf_count", BIGINT, "Events in the batch."),
        column("tree_size", BIGINT, "Events sealed so far, this batch included."),
        column(
            "canonical_version",
            INTEGER,
            "Version of the form that was hashed: which fields, in which framing.",
        ),
        column("merkle_root", BYTEA, "Root of the batch's tree, as in RFC 6962."),
        column("previous_head_hash", BYTEA, "Head before this one; null in the first.", null=True),
        column("head_hash", BYTEA, "Hash of this head: its number, counts, root and predecessor."),
        column("signature", BYTEA, "Ed25519 signature of the head's hash."),
        column("key_id", TEXT, "Fingerprint of the public key that checks the signature."),
        column("sealed_at", TIMESTAMPTZ, "When it was sealed.", default="now()"),
        primary_key("seal_id"),
        unique("head_hash"),
        unique("previous_head_hash", nulls_not_distinct=True),
        check("chain_start", "(seal_id = 1) = (previous_head_hash is null)"),
        check("leaf_count_sense", "leaf_count > 0 and leaf_count <= tree_size"),
        check("event_ids_length", "cardinality(event_ids) = leaf_count"),
        check("leaf_hashes_length", "octet_length(leaf_hashes) = 32 * leaf_count"),
        check("event_order", "first_event_id <= last_event_id"),
        check("time_order", "first_occurred_at <= last_occurred_at"),
        check("signature_ed25519", "octet_length(signature) = 64"),
        check("merkle_root_sha256", "octet_length(merkle_root) = 32"),
        check("previous_head_hash_sha256", "octet_length(previous_head_hash) = 32"),
        check("head_hash_sha256", "octet_length(head_hash) = 32"),
    )
    foreign_key("audit.seals", ["previous_head_hash"], "audit.seals", ["head_hash"])
    create_brin("audit.access", "accessed_at")
    create_index("audit.access", "principal_id", "accessed_at", "access_id")
    create_index("audit.access", "report", "accessed_at", "access_id")
    create_index("audit.access", "request_id", where="request_id is not null")
    create_index("audit.events", "actor", "occurred_at", "event_id")
    create_index(
        "audit.events",
        "account_ids",
        "instrument_ids",
        "row_keys",
        name="events_keys_idx",
        using="gin",
    )
    create_index("audit.events", "occurred_at", "event_id")
    create_brin("audit.events", "occurred_at")
    create_index(
        "audit.events", "request_id", "occurred_at", "event_id", where="request_id is not null"
    )
    create_index("audit.events", "table_schema", "table_name", "occurred_at", "event_id")
    create_index(
        "audit.events",
        "table_schema",
        "table_name",
        "occurred_at",
        "event_id",
        name="events_unlisted_idx",
        where="account_ids is null or instrument_ids is null or row_keys is null",
    )
    create_index("audit.events", "xid", "event_id")
    create_index("audit.seals", "last_event_id")
    run_sql("listed_keys_v1")
    run_sql("record_event_v1")


def downgrade() -> None:
    op.execute(
        "drop function audit.record_event(text, text, text, bigint, timestamptz, timestamptz, bigint[], bigint[], bigint, bytea, jsonb, bigint, integer)"
    )
    op.execute("drop function audit.listed_keys(bigint[], integer)")
    drop_tables("audit.seals", "audit.holds", "audit.events", "audit.access")
