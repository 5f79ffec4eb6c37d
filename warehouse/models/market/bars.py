"""Price bars: what an instrument traded at over an interval, as each source tells it."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy.orm import Mapped

from warehouse.models.base import (
    Base,
    Partitioning,
    Recorded,
    brin,
    check,
    choice,
    column,
    defaulted,
    instrument,
    non_negative,
    one_of,
    positive,
    source,
    table,
)


class Frequency(StrEnum):
    MINUTE = "1m"
    FIVE_MINUTES = "5m"
    FIFTEEN_MINUTES = "15m"
    HALF_HOUR = "30m"
    HOUR = "1h"
    DAY = "1d"
    WEEK = "1w"


class Bar(Recorded, Base):
    __tablename__ = "bars"
    __table_args__ = table(
        "market",
        "Prices over an interval. One row per instrument, frequency, start of the interval and source.",
        one_of("frequency", Frequency),
        # Together these bound open and close too, at half the comparisons of a check per column.
        check("price_range", "low > 0 and high < 'Infinity'"),
        check("price_order", "high >= open and high >= close and low <= open and low <= close"),
        check(
            "emptiness", "num_nulls(open, high, low, close) = case when is_empty then 4 else 0 end"
        ),
        *non_negative("volume"),
        *positive("previous_close"),
        brin("event_id"),
        partition=Partitioning("bar_at", "month"),
    )

    instrument_id: Mapped[int] = instrument(primary_key=True)
    frequency: Mapped[Frequency] = choice("Length of the bar.", Frequency, primary_key=True)
    bar_at: Mapped[datetime] = column("First moment of the bar.", primary_key=True)
    source_id: Mapped[int] = source(primary_key=True)
    open: Mapped[Decimal | None] = column("First price; null in an empty bar.")
    high: Mapped[Decimal | None] = column("Highest price; null in an empty bar.")
    low: Mapped[Decimal | None] = column("Lowest price; null in an empty bar.")
    close: Mapped[Decimal | None] = column("Last price; null in an empty bar.")
    volume: Mapped[Decimal] = column("Units traded.")
    previous_close: Mapped[Decimal | None] = column("Close before the bar, if the source gives it.")
    previous_close_at: Mapped[datetime | None] = column("When the previous close was made.")
    is_empty: Mapped[bool] = defaulted("Whether nothing was traded, so no price exists.", "false")
