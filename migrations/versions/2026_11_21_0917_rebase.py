"""A log that was restored from a dump is read on from where its readers were; archives name the log's root."""

from alembic import op

from migrations.helpers import run_sql

revision = "rebase"
down_revision = "rollup_engine"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("rebase_v1")
    comment("Root of the sealed log when it was written; null where nothing was sealed.")
    op.execute("grant execute on function audit.rebase() to warehouse_maintain")


def downgrade() -> None:
    comment("Root of the audit tree over its rows; null where the table is not audited.")
    op.execute("drop function audit.rebase()")


def comment(words: str) -> None:
    op.execute(f"comment on column ops.archives.audit_root is '{words}'")
