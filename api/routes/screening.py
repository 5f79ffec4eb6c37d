"""Reports that look over many instruments: newest prices, the screener, and what institutions hold."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from api.parameters import Key, Member, Word
from api.reports import Paged, Report
from api.routes.market import AssetType
from api.rows import Id, Kind, Number, kinds


class LatestSearch(Paged):
    """Whose prices."""

    instrument_id: list[Key] | None = Field(
        default=None, max_length=500, description="Only of these instruments.", examples=[[17]]
    )
    symbol: list[Member] | None = Field(
        default=None, max_length=500, description="Only of these symbols.", examples=[["AAPL"]]
    )


class Latest(BaseModel):
    """An instrument's newest day; the price is its newest close."""

    instrument_id: Id
    symbol: str
    asset_type: AssetType
    exchange: str | None
    currency: str
    source_name: str
    bar_day: date
    last_bar_at: datetime | None
    open: Number | None
    high: Number | None
    low: Number | None
    price: Number | None
    volume: Number | None
    previous_close: Number | None
    price_change: Number | None
    price_change_pct: float | None = Field(description="A fraction of the previous close.")


class Screened(BaseModel):
    """An instrument with its newest price, fundamental figures and indicators; percents are fractions."""

    instrument_id: Id
    symbol: str
    asset_type: AssetType
    exchange: str | None
    currency: str
    sector: str | None
    industry: str | None
    country: str | None
    company_name: str | None
    is_active: bool
    bar_day: date | None
    price: Number | None
    volume: Number | None
    relative_volume: float | None = Field(description="Volume to its mean of 20 days.")
    from_sma_20: float | None
    from_sma_50: float | None
    from_sma_200: float | None
    from_52_week_high: float | None
    from_52_week_low: float | None
    as_of: date | None = Field(description="Day the fundamental figures are for.")
    market_cap: Number | None
    enterprise_value: Number | None
    trailing_pe: float | None
    forward_pe: float | None
    peg_ratio: float | None
    price_to_book: float | None
    price_to_sales: float | None
    enterprise_to_revenue: float | None
    enterprise_to_ebitda: float | None
    profit_margin: float | None
    operating_margin: float | None
    gross_margin: float | None
    return_on_assets: float | None
    return_on_equity: float | None
    revenue: Number | None
    earnings_per_share: Number | None
    debt_to_equity: float | None
    current_ratio: float | None
    quick_ratio: float | None
    free_cash_flow: Number | None
    revenue_growth: float | None
    earnings_growth: float | None
    beta: float | None
    dividend_yield: float | None
    payout_ratio: float | None
    short_ratio: float | None
    held_percent_insiders: float | None
    held_percent_institutions: float | None
    rsi_14: float | None
    macd_line: float | None
    macd_histogram: float | None
    bollinger_position: float | None
    bollinger_width: float | None
    volatility_20: float | None
    price_change_1d: float | None
    price_change_5d: float | None
    price_change_30d: float | None
    average_volume_20: float | None


FIGURES = [name for name, kind in kinds(Screened).items() if kind in {Kind.DECIMAL, Kind.FLOAT}]
Bound = Annotated[
    str,
    Field(pattern=rf"^(?:{'|'.join(FIGURES)}):(?:min|max):-?[0-9]{{1,30}}(?:\.[0-9]{{1,15}})?$"),
]


class ScreenerSearch(Paged):
    """What must hold of an instrument, all together."""

    filter: list[Bound] | None = Field(
        default=None,
        max_length=50,
        description="A figure, `min` or `max`, and a number; what has no figure is left out.",
        examples=[["trailing_pe:max:15", "rsi_14:max:30"]],
    )
    asset_type: AssetType | None = Field(default=None, description="Only of this kind.")
    exchange: Word | None = Field(default=None, description="Only of this exchange.")
    currency: Word | None = Field(default=None, description="Only in this currency.")
    sector: Word | None = Field(default=None, description="Only of this sector.")
    industry: Word | None = Field(default=None, description="Only of this industry.")
    country: Word | None = Field(default=None, description="Only of this country.")


class OwnershipSearch(Paged):
    """Whose institutions."""

    instrument_id: list[Key] | None = Field(
        default=None, max_length=500, description="Only of these instruments.", examples=[[17]]
    )
    sector: Word | None = Field(default=None, description="Only of this sector.")


class Ownership(BaseModel):
    """What institutions report to hold of an instrument, on the newest day reported and the one before."""

    instrument_id: Id
    symbol: str
    company_name: str | None
    sector: str | None
    source_name: str
    date_reported: date
    holder_count: int
    shares: Number | None
    value: Number | None
    percent_held: float | None = Field(description="Share of the stock; can pass 1.")
    largest_holder: str | None
    largest_shares: Number | None
    largest_share: float | None = Field(description="Its share of what all of them hold.")
    previous_date_reported: date | None
    holder_count_change: int | None
    shares_change: Number | None


REPORTS = (
    Report(
        name="market_latest",
        path="/market/latest",
        summary="Read the newest prices of instruments.",
        row=Latest,
        filters=LatestSearch,
        order=("instrument_id",),
        sources=("marts.market_latest",),
    ),
    Report(
        name="market_screener",
        path="/market/screener",
        summary="Find instruments by bounds on price, fundamental figures and indicators.",
        row=Screened,
        filters=ScreenerSearch,
        order=("instrument_id",),
        sources=("marts.screener",),
    ),
    Report(
        name="market_ownership",
        path="/market/ownership",
        summary="Read how much of instruments institutions hold, and how that changed.",
        row=Ownership,
        filters=OwnershipSearch,
        order=("instrument_id",),
        sources=("marts.institutional_ownership",),
    ),
)
