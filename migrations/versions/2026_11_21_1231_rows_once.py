"""The first rows of a partitioned rollup are computed once, not three times.

No table is locked.
"""

from migrations.helpers import run_sql

revision = "rows_once"
down_revision = "parallel_booking"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("make_equal_v3")


def downgrade() -> None:
    pass  # it serves the schema before as well
