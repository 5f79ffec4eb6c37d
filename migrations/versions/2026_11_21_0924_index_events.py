"""What is done to an index is an event too, as every other step over partitions is.

No table is locked.
"""

from migrations.helpers import run_sql

revision = "index_events"
down_revision = "newest_data"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("record_event_v4")


def downgrade() -> None:
    run_sql("record_event_v3")
