"""Reports on options: when they expire, and what they were quoted at."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from api.parameters import Day, Key, Moment
from api.reports import Paged, Report
from api.rows import Number

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
)
