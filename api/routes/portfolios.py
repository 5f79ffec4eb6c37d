"""Reports on portfolios: which there are, what they hold, and what their accounts did."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from api.parameters import Day, Flag, Key, Window
from api.reports import PORTFOLIO, Pace, Paged, Report
from api.routes.accounts import Side
from api.routes.market import AssetType
from api.rows import Id, Number


class Portfolio(BaseModel):
    """Accounts that are valued and judged together."""

    portfolio_id: Id
    name: str
    principal: str = Field(description="Login of whose it is.")
    base_currency: str
    benchmark_instrument_id: Id | None
    benchmark_symbol: str | None
    account_count: int


class PositionSearch(Paged):
    """Which positions."""

    asset_type: AssetType | None = Field(default=None, description="Only of this kind.")
    held: Flag | None = Field(default=None, description="Only what is held now, or only what was.")


class Position(BaseModel):
    """What an account holds of an instrument, at the newest mark."""

    account_hash: str
    instrument_id: Id
    symbol: str
    asset_type: AssetType
    currency: str
    base_currency: str = Field(description="The account's currency.")
    quantity: Number = Field(description="Negative when short.")
    average_price: Number | None
    mark_price: Number | None
    mark_day: date | None
    market_value: Number | None
    cost_basis: Number
    unrealized_pnl: Number | None
    realized_pnl: Number
    fx_rate: Number | None
    market_value_base: Number | None
    unrealized_pnl_base: Number | None
    realized_pnl_base: Number | None
    last_trade_at: datetime | None


class HoldingSearch(Paged):
    """At the end of which day."""

    day: Day = Field(description="Day to look at.", examples=["2026-01-05"])


class Holding(BaseModel):
    """What an account held of an instrument at the end of a day; money in the instrument's currency."""

    account_hash: str
    instrument_id: Id
    symbol: str
    asset_type: AssetType
    currency: str
    value_day: date = Field(description="Newest day until then on which the account was valued.")
    quantity: Number = Field(description="Negative when short.")
    last_trade_price: Number = Field(description="Mean price of the newest trades in it.")
    mark_price: Number | None = Field(description="Newest mark of the month until then.")
    mark_day: date | None
    market_value: Number = Field(description="At the mark, or else at the newest trades' price.")


class ActivitySearch(Window, Paged):
    """When."""


class Activity(BaseModel):
    """An effective trade of one of the portfolio's accounts."""

    executed_at: datetime
    trade_id: Id
    account_hash: str
    instrument_id: Id
    symbol: str
    side: Side
    quantity: Number
    price: Number
    commission: Number
    fees: Number
    strategy: str | None


class RealizedSearch(Window, Paged):
    """What was realized, and when."""

    instrument_id: Key | None = Field(default=None, description="Only in this instrument.")


class Realized(BaseModel):
    """What closing trades realized, before charges, in the instrument's currency."""

    account_hash: str
    instrument_id: Id
    currency: str
    closing_count: int = Field(description="Trades that closed units.")
    closed_quantity: Number
    fifo_pnl: Number = Field(description="First in, first out.")
    average_pnl: Number = Field(description="At average cost.")
    charges: Number = Field(description="Commission and fees of the closing trades.")
    last_closed_at: datetime


REPORTS = (
    Report(
        name="portfolio_list",
        path="/portfolios",
        summary="List the portfolios that the key may see.",
        row=Portfolio,
        order=("portfolio_id",),
    ),
    Report(
        name="portfolio_positions",
        path="/portfolios/{portfolio}/positions",
        summary="Read what a portfolio's accounts hold, and what it is worth.",
        row=Position,
        filters=PositionSearch,
        order=("account_hash", "instrument_id"),
        sources=("marts.portfolio_positions",),
        subject=PORTFOLIO,
    ),
    Report(
        name="portfolio_holdings",
        path="/portfolios/{portfolio}/holdings",
        summary="Read what a portfolio's accounts held at the end of any day.",
        row=Holding,
        filters=HoldingSearch,
        order=("account_hash", "instrument_id"),
        subject=PORTFOLIO,
    ),
    Report(
        name="portfolio_activity",
        path="/portfolios/{portfolio}/activity",
        summary="Read what a portfolio's accounts traded, newest first.",
        row=Activity,
        filters=ActivitySearch,
        order=("executed_at", "trade_id"),
        subject=PORTFOLIO,
    ),
    Report(
        name="portfolio_realized_pnl",
        path="/portfolios/{portfolio}/realized-pnl",
        summary="Read what a portfolio realized by each way of matching lots.",
        row=Realized,
        filters=RealizedSearch,
        order=("account_hash", "instrument_id"),
        sources=("rollups.realized_pnl",),
        subject=PORTFOLIO,
        pace=Pace.HEAVY,
    ),
)
