"""Positions are booked in the server, by one formula for average cost."""

from alembic import op

from migrations.helpers import run_sql

revision = "booking"
down_revision = "audit_access"
branch_labels = None
depends_on = None

WRITERS = "warehouse_write, warehouse_maintain"
# In the order that they stand on each other.
FILES = ("average_cost", "lock_accounts", "rebook_positions", "apply_fills")
CALLED = (
    "trading.lock_accounts(bigint[])",
    "trading.rebook_positions(bigint[], bigint[])",
    "trading.apply_fills()",
)


def upgrade() -> None:
    for name in FILES:
        run_sql(f"{name}_v1")
    for function in CALLED:
        op.execute(f"grant execute on function {function} to {WRITERS}")


def downgrade() -> None:
    for function in reversed(CALLED):
        op.execute(f"drop function {function}")
    op.execute("drop aggregate trading.average_cost(numeric, numeric)")
    op.execute("drop function trading.add_fill(numeric[], numeric, numeric)")
