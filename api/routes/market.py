"""Reports on the market: what can be traded, at what price, and what is known of it."""

from datetime import date, datetime, timedelta
from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from api.parameters import Day, Flag, Key, Moment, Text, bounded
from api.reports import Paged, Report
from api.rows import Id, Number

AssetType = Literal[
    "equity",
    "etf",
    "mutual_fund",
    "index",
    "option",
    "future",
    "forex",
    "crypto",
    "bond",
    "currency",
    "event",
]
Frequency = Literal["1m", "5m", "15m", "30m", "1h", "1d", "1w"]
LONGEST = {
    "1m": timedelta(days=31),
    "5m": timedelta(days=92),
    "15m": timedelta(days=184),
    "30m": timedelta(days=366),
    "1h": timedelta(days=731),
    "1d": timedelta(days=36_600),
    "1w": timedelta(days=36_600),
}


class InstrumentSearch(Paged):
    """Which instruments."""

    q: Text | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="What the symbol starts with, or the company's name holds; case is ignored.",
        examples=["AAPL"],
    )
    asset_type: AssetType | None = Field(default=None, description="Only of this kind.")
    active: Flag | None = Field(default=None, description="Only those traded now, or only others.")


class Instrument(BaseModel):
    """One listing: a symbol used again after a delisting is another one."""

    instrument_id: Id
    symbol: str = Field(description="Ticker; an option's is its 21-character OSI symbol.")
    asset_type: AssetType
    exchange: str | None = Field(description="Market identifier code.", examples=["XNAS"])
    currency: str = Field(description="Currency of the price.", examples=["USD"])
    company_name: str | None
    sector: str | None
    industry: str | None
    country: str | None = Field(description="ISO 3166 alpha-2.")
    multiplier: Number = Field(description="Units one contract stands for.")
    underlying_id: Id | None = Field(description="Instrument that a derivative derives from.")
    is_optionable: bool
    is_active: bool
    listed_at: datetime | None
    delisted_at: datetime | None


class BarSearch(Paged):
    """Which bars; both ends of the window are wanted."""

    instrument_id: Key = Field(description="Instrument to read.", examples=[17])
    frequency: Frequency = Field(alias="interval", description="Length of a bar.")
    from_at: Moment = Field(
        alias="from", description="First moment.", examples=["2026-06-01T00:00:00Z"]
    )
    to_at: Moment = Field(
        alias="to", description="End of the time, exclusive.", examples=["2026-07-01T00:00:00Z"]
    )
    fill: Literal["none", "null", "previous"] = Field(
        default="none",
        description="Bars missing within the exchange's sessions: left out, without prices, or at the close before.",
    )

    @model_validator(mode="after")
    def _window(self) -> Self:
        if self.from_at >= self.to_at:
            raise ValueError("`from` must be before `to`")
        bounded(self.from_at, self.to_at, LONGEST[self.frequency], self.frequency)
        return self


class Bar(BaseModel):
    """Prices over an interval, from one source."""

    bar_at: datetime = Field(description="First moment of the bar.")
    open: Number | None
    high: Number | None
    low: Number | None
    close: Number | None
    volume: Number | None
    is_filled: bool = Field(description="Whether no such bar is stored, and `fill` put it here.")


class FundamentalsSearch(Paged):
    """Whose figures."""

    instrument_id: list[Key] | None = Field(
        default=None, max_length=500, description="Only of these instruments.", examples=[[17]]
    )
    sector: Text | None = Field(default=None, max_length=100, description="Only of this sector.")


class Fundamentals(BaseModel):
    """The newest figures of an instrument, all from one source; percents are fractions."""

    instrument_id: Id
    symbol: str
    source_name: str
    as_of: date = Field(description="Day the figures are for.")
    sector: str | None
    market_cap: Number | None
    enterprise_value: Number | None
    trailing_pe: float | None
    forward_pe: float | None
    peg_ratio: float | None
    price_to_book: float | None
    price_to_sales: float | None
    profit_margin: float | None
    operating_margin: float | None
    return_on_assets: float | None
    return_on_equity: float | None
    revenue: Number | None
    earnings_per_share: Number | None
    total_cash: Number | None
    total_debt: Number | None
    debt_to_equity: float | None
    free_cash_flow: Number | None
    revenue_growth: float | None
    earnings_growth: float | None
    beta: float | None
    dividend_yield: float | None
    payout_ratio: float | None
    shares_outstanding: Number | None


class HolderSearch(Paged):
    """Whose holders."""

    instrument_id: Key = Field(description="Instrument that is held.", examples=[17])
    reported: Day | None = Field(
        default=None, description="Day reported for; the newest unless said."
    )


class Holder(BaseModel):
    """What an institution reported to hold."""

    holder_name: str
    date_reported: date
    source_name: str
    shares: Number
    value: Number | None
    percent_held: float | None = Field(description="Share of the stock; can pass 1.")


REPORTS = (
    Report(
        name="market_instruments",
        path="/market/instruments",
        summary="Search the instruments by symbol or name, in the order of their symbols.",
        row=Instrument,
        filters=InstrumentSearch,
        order=("symbol", "instrument_id"),
    ),
    Report(
        name="market_bars",
        path="/market/bars",
        summary="Read an instrument's bars, oldest first.",
        row=Bar,
        filters=BarSearch,
        order=("bar_at",),
    ),
    Report(
        name="market_fundamentals",
        path="/market/fundamentals",
        summary="Read the newest fundamental figures.",
        row=Fundamentals,
        filters=FundamentalsSearch,
        order=("instrument_id",),
        sources=("marts.fundamentals_latest",),
    ),
    Report(
        name="market_holders",
        path="/market/holders",
        summary="Read the institutions that report to hold an instrument.",
        row=Holder,
        filters=HolderSearch,
        order=("holder_name",),
    ),
)
