"""Reports on technical indicators: the newest of many instruments, and the series of one."""

from datetime import date

from pydantic import BaseModel, Field

from api.parameters import DayWindow, Key
from api.reports import Paged, Report
from api.routes.market import AssetType
from api.rows import Id, Number


class IndicatorSearch(Paged):
    """Whose indicators."""

    instrument_id: list[Key] | None = Field(
        default=None, max_length=500, description="Only of these instruments.", examples=[[17]]
    )


class Figures(BaseModel):
    """Technical indicators by the formulas in docs/numbers.md; null until a window is full."""

    indicator_day: date
    adjusted_close: Number
    volume: Number | None
    sma_20: float | None
    sma_50: float | None
    sma_200: float | None
    ema_12: float | None
    ema_26: float | None
    ema_50: float | None
    rsi_14: float | None
    macd_line: float | None
    macd_signal: float | None
    macd_histogram: float | None
    bollinger_upper: float | None
    bollinger_middle: float | None
    bollinger_lower: float | None
    bollinger_position: float | None
    bollinger_width: float | None
    volatility_20: float | None
    price_change_1d: float | None
    price_change_5d: float | None
    price_change_30d: float | None
    average_volume_20: float | None


class Listed(BaseModel):
    instrument_id: Id
    symbol: str
    asset_type: AssetType


class Indicators(Figures, Listed):  # the fields of the last base come first
    """The newest technical indicators of an instrument; null until a window is full."""


class IndicatorHistorySearch(DayWindow, Paged):
    """Of which instrument, and when."""

    instrument_id: Key = Field(description="Instrument to read.", examples=[17])


class DatedIndicators(Figures):
    """An instrument's indicators of a day, by the formulas in docs/numbers.md; null until a window is full."""

    is_computed: bool = Field(
        description="Whether it was computed from the bars for this answer, since none was stored."
    )


REPORTS = (
    Report(
        name="market_indicators",
        path="/market/indicators",
        summary="Read the newest technical indicators of instruments.",
        row=Indicators,
        filters=IndicatorSearch,
        order=("instrument_id",),
        sources=("marts.technical_indicators_latest",),
    ),
    Report(
        name="market_indicator_history",
        path="/market/indicators/history",
        summary="Read an instrument's technical indicators, oldest first.",
        row=DatedIndicators,
        filters=IndicatorHistorySearch,
        order=("indicator_day",),
    ),
)
