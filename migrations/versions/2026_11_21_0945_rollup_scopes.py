"""Rollups recompute the keys that a change concerns, and what is held goes through splits."""

from alembic import op

from migrations.helpers import run_sql

revision = "rollup_scopes"
down_revision = "draw_keys"
branch_labels = None
depends_on = None

READERS = "warehouse_read, warehouse_write, warehouse_build, warehouse_maintain"
FOR_READERS = (
    "market.product",
    "trading.split_ratio",
    "trading.split_price",
    "trading.add_split",
    "trading.match_lots(trading.lot[], trading.book, trading.split[], timestamptz)",
    "trading.carry_position",
    "trading.position_after",
)


def upgrade() -> None:
    for function in ("pending_scopes", "pending_events"):
        op.execute(f"drop function ops.{function}")
    run_sql("pending_scopes_v2")
    run_sql("make_equal_v2")
    run_sql("refresh_rollup_v2")
    run_sql("splits_v1")
    run_sql("match_lots_v2")
    run_sql("rebook_positions_v2")
    op.execute(f"grant select on market.splits to {READERS}")
    for function in FOR_READERS:
        op.execute(f"revoke all on routine {function} from public")
        op.execute(f"grant execute on routine {function} to {READERS}")
    op.execute("revoke all on type trading.split from public")
    op.execute(f"grant usage on type trading.split to {READERS}")


def downgrade() -> None:
    undo_splits()
    for function in ("pending_scopes", "keys_beside", "pending_events"):
        op.execute(f"drop function ops.{function}")
    for function in ("first_whole_bucket", "writes_between"):
        op.execute(f"drop function ops.{function}")
    run_sql("pending_scopes_v1")
    op.execute("drop type ops.rollup_words cascade")
    for function in (
        "make_equal",
        "make_rollup_key",
        "make_rollup_partitions",
        "differences_query",
    ):
        op.execute(f"drop function ops.{function}")
    for function in ("scope_condition", "scoped_query"):
        op.execute(f"drop function ops.{function}")
    run_sql("make_equal_v1")
    for function in ("refresh_rollup", "bump_generation", "may_be_behind", "declare_rollup"):
        op.execute(f"drop function ops.{function}")
    run_sql("refresh_rollup_v1")


def undo_splits() -> None:
    op.execute("drop function trading.rebook_positions")
    run_sql("rebook_positions_v1")
    op.execute("drop aggregate trading.average_cost(numeric, numeric, numeric)")
    op.execute("drop function trading.add_change")
    op.execute("drop aggregate trading.position_after(numeric, numeric, numeric)")
    op.execute("drop function trading.carry_position")
    op.execute("drop function trading.match_lots(trading.lot[], trading.book)")
    op.execute(
        "drop function trading.match_lots(trading.lot[], trading.book, trading.split[], timestamptz)"
    )
    for function in ("add_split", "split_price", "split_ratio"):
        op.execute(f"drop function trading.{function}")
    for kind in ("split", "book", "lot"):
        op.execute(f"drop type trading.{kind}")
    run_sql("match_lots_v1")
    op.execute("drop aggregate market.product(numeric)")
    op.execute("drop view market.splits")
