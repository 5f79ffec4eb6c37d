"""The numbers: indicators, returns, risk measures and lots, each formula once.

docs/numbers.md has their conventions. They read no table, so they run with the caller's rights; average cost is
booking's own function.
"""

from alembic import op

from migrations.helpers import run_sql

revision = "numbers"
down_revision = "booking"
branch_labels = None
depends_on = None

READERS = "warehouse_read, warehouse_build, warehouse_write, warehouse_maintain"
FUNCTIONS = (
    "market.smoothed",
    "market.smooth",
    "market.smoothing",
    "market.technical_indicators",
    "portfolio.daily_return",
    "portfolio.product",
    "portfolio.annualized",
    "portfolio.xirr",
    "risk.measures",
    "trading.match_lots",
)
TYPES = ("trading.lot", "trading.book")


def upgrade() -> None:
    for name in (
        "smoothing_v1",
        "technical_indicators_v1",
        "portfolio_returns_v1",
        "risk_measures_v1",
        "match_lots_v1",
    ):
        run_sql(name)
    for function in FUNCTIONS:
        op.execute(f"revoke all on routine {function} from public")
        op.execute(f"grant execute on routine {function} to {READERS}")
    for type_ in TYPES:
        op.execute(f"revoke all on type {type_} from public")
        op.execute(f"grant usage on type {type_} to {READERS}")


def downgrade() -> None:
    for function in reversed(FUNCTIONS):
        op.execute(f"drop routine {function}")
    for type_ in reversed(TYPES):
        op.execute(f"drop type {type_}")
