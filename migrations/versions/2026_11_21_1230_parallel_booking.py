"""A large load's fills are added up by two processes."""

from alembic import op

from migrations.helpers import run_sql

revision = "parallel_booking"
down_revision = "accounts_from_files"
branch_labels = None
depends_on = None

WRITERS = "warehouse_write, warehouse_maintain"
ROWS = "bigint[], timestamptz, timestamptz, bigint[], bigint[], bigint[], bigint[], numeric[], numeric[]"
FUNCTIONS = (f"trading.half_booked({ROWS}, bigint)", f"trading.booked(bigint, {ROWS})")


def upgrade() -> None:
    run_sql("apply_fills_v3")
    for function in FUNCTIONS:
        op.execute(f"revoke all on function {function} from public")
        op.execute(f"grant execute on function {function} to {WRITERS}")


def downgrade() -> None:
    run_sql("apply_fills_v2")
    for function in reversed(FUNCTIONS):
        op.execute(f"drop function {function}")
