"""Reports on options: when they expire, what they are quoted at, and how much they are traded."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from api.parameters import Count, Day, Days, DayWindow, Delta, Key, Moment, Ratio
from api.reports import PORTFOLIO, Paged, Report
from api.rows import Id, Number

PutCall = Literal["put", "call"]


class ExpirationSearch(Paged):
    """Whose expirations."""

    underlying_id: Key = Field(description="Instrument the options are on.", examples=[17])
    since: Day | None = Field(default=None, description="Only from this day on.")


class Expiration(BaseModel):
    """A day on which options expire."""

    expiration_date: date
    expiration_type: str = Field(description="W, S, Q, M or R.")
    is_standard: bool
    is_leap: bool
    contract_count: int


class ChainSearch(Paged):
    """Which chain, and when."""

    underlying_id: Key = Field(description="Instrument the options are on.", examples=[17])
    expiration: Day = Field(description="Day they expire.", examples=["2026-07-17"])
    at: Moment = Field(
        description="Quotes are the last ones until then, of at most seven days.",
        examples=["2026-06-30T20:00:00Z"],
    )
    put_call: PutCall | None = Field(default=None, description="Only puts, or only calls.")


class Contract(BaseModel):
    """A contract and its last quote; without one the quote's fields are null."""

    strike: Number
    osi_symbol: str
    put_call: PutCall
    multiplier: Number
    snapshot_at: datetime | None
    source_name: str | None
    bid: Number | None
    ask: Number | None
    last: Number | None
    mark: Number | None
    total_volume: Number | None
    open_interest: Number | None
    volatility: float | None
    delta: float | None
    gamma: float | None
    theta: float | None
    vega: float | None
    rho: float | None


class ScanSearch(Paged):
    """Which options, by their newest quotes."""

    underlying_id: Key | None = Field(default=None, description="Only on this instrument.")
    put_call: PutCall | None = Field(default=None, description="Only puts, or only calls.")
    min_days: Days | None = Field(default=None, description="Days to expiration at least.")
    max_days: Days | None = Field(default=None, description="Days to expiration at most.")
    min_delta: Delta | None = Field(default=None, description="Delta at least; a put's is below 0.")
    max_delta: Delta | None = Field(default=None, description="Delta at most.")
    min_open_interest: Count | None = Field(default=None, description="Open interest at least.")
    min_volume: Count | None = Field(default=None, description="Contracts traded at least.")
    min_volatility: Ratio | None = Field(
        default=None, description="Volatility at least, 0.2 = 20 %."
    )
    max_volatility: Ratio | None = Field(default=None, description="Volatility at most.")


class Quoted(BaseModel):
    """An option and its newest quote."""

    osi_symbol: str
    option_contract_id: Id
    underlying_id: Id
    underlying_symbol: str
    put_call: PutCall
    strike: Number
    expiration_date: date
    days_to_expiration: int = Field(description="From the day of the quote.")
    multiplier: Number
    source_name: str
    snapshot_at: datetime
    underlying_price: Number | None
    is_in_the_money: bool | None
    bid: Number | None
    ask: Number | None
    last: Number | None
    mark: Number | None
    total_volume: Number | None
    open_interest: Number | None
    volatility: float | None
    delta: float | None
    gamma: float | None
    theta: float | None
    vega: float | None
    rho: float | None
    time_value: Number | None
    intrinsic_value: Number | None
    theoretical_value: Number | None


class VolumeSearch(Paged):
    """On which underlyings."""

    underlying_id: list[Key] | None = Field(
        default=None, max_length=500, description="Only on these instruments.", examples=[[17]]
    )


class Volume(BaseModel):
    """What was traded and is open in the options on an underlying, on its newest session."""

    underlying_id: Id
    underlying_symbol: str
    source_name: str
    volume_day: date
    contract_count: int
    call_volume: Number | None
    put_volume: Number | None
    call_open_interest: Number | None
    put_open_interest: Number | None
    put_call_ratio: float | None
    put_call_open_interest_ratio: float | None
    average_volume_20: float | None
    relative_volume: float | None


class DailyVolumeSearch(DayWindow, Paged):
    """On which underlying, and when."""

    underlying_id: Key = Field(description="Instrument the options are on.", examples=[17])


class DailyVolume(BaseModel):
    """What was traded and was open in the options of one expiration, on a day."""

    volume_day: date
    expiration_date: date
    contract_count: int
    call_volume: Number | None
    put_volume: Number | None
    call_open_interest: Number | None
    put_open_interest: Number | None


class GreeksSearch(Paged):
    """Of all that is held."""


class GreeksExposure(BaseModel):
    """What a portfolio's options on an underlying are worth in it: units held times each Greek, summed."""

    underlying_id: Id
    underlying_symbol: str | None
    underlying_price: Number | None
    contract_count: int
    unquoted_count: int = Field(description="Contracts without Greeks, which the sums leave out.")
    delta: float | None = Field(description="Units of the underlying that would move alike.")
    delta_value: float | None = Field(description="The same at the underlying's price.")
    gamma: float | None
    theta: float | None
    vega: float | None
    rho: float | None
    oldest_quote_at: datetime | None


REPORTS = (
    Report(
        name="option_expirations",
        path="/options/expirations",
        summary="List the days on which an underlying's options expire.",
        row=Expiration,
        filters=ExpirationSearch,
        order=("expiration_date", "expiration_type"),
    ),
    Report(
        name="option_chain",
        path="/options/chain",
        summary="Read the options of one expiration, as they were quoted at a time.",
        row=Contract,
        filters=ChainSearch,
        order=("strike", "osi_symbol"),
    ),
    Report(
        name="option_scan",
        path="/options/scan",
        summary="Find options by days to expiration, delta, open interest and volatility.",
        row=Quoted,
        filters=ScanSearch,
        order=("osi_symbol",),
        sources=("marts.option_chain_latest",),
    ),
    Report(
        name="option_volume",
        path="/options/volume",
        summary="Read what is traded and open in the options on underlyings.",
        row=Volume,
        filters=VolumeSearch,
        order=("underlying_id",),
        sources=("marts.option_volume",),
    ),
    Report(
        name="option_volume_daily",
        path="/options/volume/daily",
        summary="Read what was traded and open in the options on an underlying, day by day.",
        row=DailyVolume,
        filters=DailyVolumeSearch,
        order=("volume_day", "expiration_date"),
        sources=("rollups.option_volume_daily",),
    ),
    Report(
        name="portfolio_greeks",
        path="/portfolios/{portfolio}/greeks",
        summary="Read how a portfolio's options move with their underlyings.",
        row=GreeksExposure,
        filters=GreeksSearch,
        order=("underlying_id",),
        sources=("marts.portfolio_positions", "marts.option_chain_latest"),
        subject=PORTFOLIO,
    ),
)
