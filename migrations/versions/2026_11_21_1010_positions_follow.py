"""Positions follow splits by themselves, and keep what they held when trades are retired."""

from alembic import op

from migrations.helpers import run_sql

revision = "positions_follow"
down_revision = "loading"
branch_labels = None
depends_on = None

WRITERS = "warehouse_write, warehouse_maintain"
HELD_UNTIL = "trading.held_until(bigint, bigint, timestamptz, numeric, numeric, timestamptz)"
NEWEST_SPLIT = "trading.newest_split(bigint)"


def upgrade() -> None:
    run_sql("positions_follow_v1")
    run_sql("apply_fills_v2")
    for function in (HELD_UNTIL, NEWEST_SPLIT):
        op.execute(f"grant execute on function {function} to {WRITERS}")


def downgrade() -> None:
    op.execute("drop function trading.apply_fills")
    run_sql("apply_fills_v1")
    op.execute(f"grant execute on function trading.apply_fills() to {WRITERS}")
    # The one before brings its aggregate along.
    op.execute("drop aggregate trading.average_cost(numeric, numeric, numeric)")
    op.execute("drop function trading.add_change")
    run_sql("rebook_positions_v2")
    for function in ("trading.freeze_openings", NEWEST_SPLIT, HELD_UNTIL):
        op.execute(f"drop function {function}")
