"""How new the data in each rollup and materialized view is."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import TIMESTAMPTZ, run_sql

revision = "newest_data"
down_revision = "positions_follow"
branch_labels = None
depends_on = None

NEWEST = "End of the newest time that its rows, or those below it, have told of; null = they have no time."
# What refreshes have said so far; a materialized view, which says no time, learns it with its next one.
LEARN = """
    update ops.generations as g
    set newest_data_at = (
        select max(e.time_to)
        from audit.events as e
        where e.operation = 'refresh' and concat_ws('.', e.table_schema, e.table_name) = g.relation
    )
"""


def upgrade() -> None:
    newest = sa.Column("newest_data_at", TIMESTAMPTZ, comment=NEWEST)
    op.add_column("generations", newest, schema="ops")
    op.execute(LEARN)
    run_sql("bump_generation_v2")


def downgrade() -> None:
    run_sql("bump_generation_v1")
    op.drop_column("generations", "newest_data_at", schema="ops")
