"""Reports on portfolios: which there are, and what they hold."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from api.parameters import Flag
from api.reports import PORTFOLIO, Paged, Report
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
)
