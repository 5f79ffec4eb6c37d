"""Seals say what their leaves cover, and stand in a tree of their own that proves one head from another."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import (
    BIGINT,
    BYTEA,
    TEXT,
    TIMESTAMPTZ,
    check,
    column,
    create_index,
    create_table,
    drop_tables,
    foreign_key,
    primary_key,
    run_sql,
)

revision = "seals_tree"
down_revision = "audit_triggers"
branch_labels = None
depends_on = None

COLUMNS = (
    column("row_count", BIGINT, "Rows and images that were hashed for it."),
    column(
        "evidence_hashes",
        BYTEA,
        "What each event's rows and images hash to, in the same order, 32 bytes each.",
    ),
    column(
        "shapes_sha256",
        BYTEA,
        "Columns that its rows were hashed with; refers to audit.shapes.shapes_sha256.",
    ),
    column("batch_hash", BYTEA, "The batch as a leaf of the log's tree."),
    column("log_root", BYTEA, "Root of the tree over all batches so far, this one included."),
    column(
        "log_peaks",
        BYTEA,
        "Roots of that tree's perfect subtrees, 32 bytes each: the next batch goes on from here.",
    ),
)
CHECKS = {
    "row_count_sense": "row_count >= 0",
    "evidence_hashes_length": "octet_length(evidence_hashes) = 32 * leaf_count",
    "log_peaks_length": "octet_length(log_peaks) % 32 = 0",
    "batch_hash_sha256": "octet_length(batch_hash) = 32",
    "log_root_sha256": "octet_length(log_root) = 32",
}
REFUSALS = {
    "audit_log": "before update or delete on audit.shapes for each row execute function audit.refuse_change()",
    "audit_truncate": "before truncate on audit.shapes for each statement execute function audit.refuse_truncate()",
}


def upgrade() -> None:
    create_table(
        "audit.shapes",
        "Which columns the audited tables had when rows were sealed. One row per state of the schema.",
        column("shapes_sha256", BYTEA, "SHA-256 of the text."),
        column("shapes", TEXT, "JSON: by table, the names and types of its columns in order."),
        column("first_seen_at", TIMESTAMPTZ, "When it was first sealed with.", default="now()"),
        primary_key("shapes_sha256"),
        check("shapes_sha256_of_text", "shapes_sha256 = sha256(convert_to(shapes, 'UTF8'))"),
    )
    for name, rest in REFUSALS.items():
        op.execute(f"create trigger {name} {rest}")
        op.execute(f"alter table audit.shapes enable always trigger {name}")
    op.execute(
        "grant select on audit.shapes to warehouse_read, warehouse_build, warehouse_write, warehouse_maintain"
    )
    for each in COLUMNS:
        op.add_column("seals", each, schema="audit")
    for name, condition in CHECKS.items():
        op.create_check_constraint(
            op.f(f"seals_{name}_check"), "seals", sa.text(condition), schema="audit"
        )
    foreign_key("audit.seals", ["shapes_sha256"], "audit.shapes")
    # A row that was replaced is found by the event it names, whichever table it stood in.
    create_index(
        "audit.images",
        "((before ->> 'event_id')::bigint)",
        name="images_replaced_idx",
        where="before ->> 'event_id' is not null",
    )
    run_sql("append_seal_v1")
    op.execute("grant execute on function audit.append_seal to warehouse_maintain")


def downgrade() -> None:
    op.execute("drop function audit.append_seal")
    op.drop_index(op.f("images_replaced_idx"), "images", schema="audit")
    for each in COLUMNS:
        op.drop_column("seals", each.name, schema="audit")
    drop_tables("audit.shapes")
