"""Loads draw the keys of their rows ahead, a block at a time."""

from alembic import op

revision = "draw_keys"
down_revision = "api_access"
branch_labels = None
depends_on = None

SEQUENCES = (
    "ops.ingest_batches_batch_id_seq, portfolio.cash_flows_cash_flow_id_seq,"
    " trading.signals_signal_id_seq, trading.trades_trade_id_seq,"
    " trading.transactions_transaction_id_seq"
)


def upgrade() -> None:
    op.execute(f"grant usage on sequence {SEQUENCES} to warehouse_write, warehouse_maintain")


def downgrade() -> None:
    op.execute(f"revoke usage on sequence {SEQUENCES} from warehouse_write, warehouse_maintain")
