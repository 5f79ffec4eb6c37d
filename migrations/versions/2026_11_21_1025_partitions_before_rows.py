"""A rollup that begins from its own rows gets the partitions of a new month, too.

No table is locked.
"""

from migrations.helpers import run_sql

revision = "partitions_before_rows"
down_revision = "index_events"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("make_rollup_partitions_v2")


def downgrade() -> None:
    pass  # it serves the schema before as well
