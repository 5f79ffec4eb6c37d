"""Price bars, cut by month.

Owned by instrument, so that the table can be distributed by it.
"""

from alembic import op

from migrations.helpers import (
    BIGINT,
    BOOLEAN,
    NUMERIC,
    TEXT,
    TIMESTAMPTZ,
    check,
    column,
    comment_view,
    create_brin,
    create_table,
    drop_tables,
    foreign_key,
    one_of,
    primary_key,
    run_sql,
)

revision = "market_bars"
down_revision = "reference"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "market.bars",
        "Prices over an interval. One row per instrument, frequency, start of the interval and source.",
        column("instrument_id", BIGINT, "Instrument the row is about."),
        column("frequency", TEXT, "Length of the bar."),
        column("bar_at", TIMESTAMPTZ, "First moment of the bar."),
        column("source_id", BIGINT, "Where the row came from."),
        column("open", NUMERIC, "First price; null in an empty bar.", null=True),
        column("high", NUMERIC, "Highest price; null in an empty bar.", null=True),
        column("low", NUMERIC, "Lowest price; null in an empty bar.", null=True),
        column("close", NUMERIC, "Last price; null in an empty bar.", null=True),
        column("volume", NUMERIC, "Units traded."),
        column(
            "previous_close", NUMERIC, "Close before the bar, if the source gives it.", null=True
        ),
        column("previous_close_at", TIMESTAMPTZ, "When the previous close was made.", null=True),
        column(
            "is_empty", BOOLEAN, "Whether nothing was traded, so no price exists.", default="false"
        ),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("instrument_id", "frequency", "bar_at", "source_id"),
        one_of("frequency", "1m", "5m", "15m", "30m", "1h", "1d", "1w"),
        check("price_range", "low > 0 and high < 'Infinity'"),
        check("price_order", "high >= open and high >= close and low <= open and low <= close"),
        check(
            "emptiness", "num_nulls(open, high, low, close) = case when is_empty then 4 else 0 end"
        ),
        check("volume_non_negative", "volume >= 0 and volume < 'Infinity'"),
        check("previous_close_positive", "previous_close > 0 and previous_close < 'Infinity'"),
        partition_by="bar_at",
    )
    foreign_key("market.bars", ["instrument_id"], "reference.instruments")
    foreign_key("market.bars", ["source_id"], "reference.sources")
    create_brin("market.bars", "bar_at")
    create_brin("market.bars", "event_id")
    run_sql("bars_in_milliseconds_v1")
    comment_view("market.bars_in_milliseconds", "market.bars")


def downgrade() -> None:
    op.execute("drop view market.bars_in_milliseconds")
    drop_tables("market.bars")
