"""Reports on how portfolios and strategies did: worth, returns, and what they risked for them."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from api.parameters import AccountHash, DayWindow, Key
from api.reports import PORTFOLIO, Asking, Paged, Report
from api.rows import Id, Number


class Summary(BaseModel):
    """What a portfolio is worth and has made, in its currency; null before it was ever valued."""

    portfolio_id: Id
    base_currency: str | None
    account_count: int | None = Field(description="Accounts that were valued.")
    value_day: date | None = Field(description="Newest day on which one of them was valued.")
    position_count: int | None
    unmarked_count: int | None = Field(description="Positions without a mark.")
    unconverted_count: int | None = Field(description="What was left out for want of a rate.")
    cash: Number | None
    market_value: Number | None
    equity: Number | None = Field(description="Cash and market value.")
    long_exposure: Number | None
    short_exposure: Number | None
    gross_exposure: Number | None
    net_exposure: Number | None
    session_day: date | None = Field(description="Newest session of the home exchange.")
    day_change: Number | None = Field(description="Change of the equity then that is no flow.")
    daily_return: float | None
    twr: float | None = Field(description="Time-weighted return since the first session.")
    realized_pnl: Number | None = Field(description="At average cost, before charges.")
    unrealized_pnl: Number | None
    total_pnl: Number | None
    income: Number | None = Field(description="Dividends and interest.")
    charges: Number | None = Field(description="Commissions and fees.")


class ExposureSearch(Paged):
    """By what."""

    dimension: Literal["sector", "asset_type", "currency", "instrument"] | None = Field(
        default=None, description="Only by this; each of them adds up to the portfolio."
    )


class Exposure(BaseModel):
    """What a portfolio holds of a sector, an asset type, a currency or an instrument, in its currency."""

    dimension: str
    bucket: str = Field(description="Which of them; an instrument by its key.")
    position_count: int
    long_exposure: Number
    short_exposure: Number
    gross_exposure: Number
    net_exposure: Number
    gross_weight: float | None = Field(description="Share of the gross exposure.")
    net_weight: float | None = Field(description="Share of the equity.")


class HistorySearch(DayWindow, Paged):
    """Which sessions."""


class ValuedDay(BaseModel):
    """A portfolio at the end of a session, in its currency; returns are fractions."""

    value_day: date
    base_currency: str
    account_count: int
    cash: Number
    equity: Number
    long_exposure: Number
    short_exposure: Number
    gross_exposure: Number
    net_exposure: Number
    external_flow: Number = Field(description="Money put in less money taken out.")
    day_change: Number = Field(description="Change of the equity that is no flow.")
    daily_return: float | None = Field(description="Null where no money was at work.")
    twr: float = Field(description="Time-weighted return since the first session.")


class PerformanceSearch(DayWindow, Asking):
    """Over which days."""


class Performance(BaseModel):
    """What a portfolio gained over a window, in its currency; null where it cannot be told."""

    portfolio_id: Id
    base_currency: str
    first_day: date | None = Field(description="First session of the window.")
    last_day: date | None
    session_count: int
    opening_equity: Number = Field(description="At the session before the window.")
    closing_equity: Number | None
    external_flow: Number | None = Field(description="Money put in less money taken out.")
    gain: Number | None = Field(description="Change of the equity that is no flow.")
    twr: float | None = Field(description="Time-weighted return of the window.")
    annual_return: float | None = Field(description="The same for a year of 252 sessions.")
    xirr: float | None = Field(description="Yearly money-weighted return, as XIRR has it.")
    annual_volatility: float | None
    max_drawdown: float | None = Field(description="Deepest fall from a peak; zero or below.")
    max_drawdown_days: int | None


class Risk(BaseModel):
    """How a portfolio did for its risk, over all its sessions; null where it cannot be told."""

    portfolio_id: Id
    base_currency: str | None
    benchmark_instrument_id: Id | None
    first_day: date | None
    last_day: date | None
    equity: Number | None
    return_count: int | None
    twr: float | None
    xirr: float | None
    annual_return: float | None
    annual_volatility: float | None
    downside_deviation: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    max_drawdown: float | None
    max_drawdown_days: int | None
    beta: float | None
    alpha: float | None
    tracking_error: float | None
    information_ratio: float | None
    var_95: float | None
    var_99: float | None
    expected_shortfall_95: float | None
    expected_shortfall_99: float | None
    parametric_var_95: float | None
    parametric_var_99: float | None
    parametric_expected_shortfall_95: float | None
    parametric_expected_shortfall_99: float | None
    concentration: float | None = Field(description="Sum of the squares of the positions' weights.")
    largest_position: float | None = Field(description="Weight of the largest position.")


class Strategy(BaseModel):
    """Something by which trades are made."""

    strategy_id: Id
    name: str
    description: str | None
    is_active: bool


class StrategySearch(Paged):
    """Which accounts' and strategies' figures."""

    account: AccountHash | None = Field(default=None, description="Only of this account.")
    strategy_id: Key | None = Field(default=None, description="Only of this strategy.")


class StrategyPerformance(BaseModel):
    """What a strategy traded and realized in an account, in one currency."""

    account_hash: str
    strategy_id: Id
    currency: str
    first_day: date
    last_day: date
    trade_count: int
    closing_count: int = Field(description="Trades that closed units.")
    win_count: int
    loss_count: int
    gross_profit: Number
    gross_loss: Number
    fifo_pnl: Number
    average_pnl: Number
    charges: Number
    net_pnl: Number
    win_rate: float | None
    profit_factor: float | None
    expectancy: float | None
    held_seconds: float | None = Field(description="Mean age of the closed units.")


REPORTS = (
    Report(
        name="portfolio_summary",
        path="/portfolios/{portfolio}/summary",
        summary="Read what a portfolio is worth and has made.",
        row=Summary,
        filters=Asking,
        sources=("marts.portfolio_summary",),
        subject=PORTFOLIO,
        single=True,
    ),
    Report(
        name="portfolio_exposure",
        path="/portfolios/{portfolio}/exposure",
        summary="Read how a portfolio is spread over sectors, asset types, currencies and instruments.",
        row=Exposure,
        filters=ExposureSearch,
        order=("dimension", "bucket"),
        sources=("marts.portfolio_exposure",),
        subject=PORTFOLIO,
    ),
    Report(
        name="portfolio_history",
        path="/portfolios/{portfolio}/history",
        summary="Read what a portfolio was worth and returned, session by session.",
        row=ValuedDay,
        filters=HistorySearch,
        order=("value_day",),
        sources=("marts.portfolio_history",),
        subject=PORTFOLIO,
    ),
    Report(
        name="portfolio_performance",
        path="/portfolios/{portfolio}/performance",
        summary="Read what a portfolio returned over any window, by time and by money.",
        row=Performance,
        filters=PerformanceSearch,
        sources=("marts.portfolio_history",),
        subject=PORTFOLIO,
        single=True,
    ),
    Report(
        name="portfolio_risk",
        path="/portfolios/{portfolio}/risk",
        summary="Read how a portfolio did for its risk.",
        row=Risk,
        filters=Asking,
        sources=("marts.portfolio_risk",),
        subject=PORTFOLIO,
        single=True,
    ),
    Report(
        name="strategy_list",
        path="/strategies",
        summary="List the strategies.",
        row=Strategy,
        order=("strategy_id",),
    ),
    Report(
        name="strategy_performance",
        path="/strategies/performance",
        summary="Read what strategies traded and realized in the accounts that the key may see.",
        row=StrategyPerformance,
        filters=StrategySearch,
        order=("account_hash", "strategy_id", "currency"),
        sources=("marts.strategy_performance",),
    ),
)
