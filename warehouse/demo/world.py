"""The demo's market as one value: what is listed, when it trades and at which daily prices."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from warehouse.demo.minutes import Days
from warehouse.demo.prices import DailyPrices, Factors, draw_factors, draw_prices
from warehouse.demo.scale import SCALES, Scale, ScaleName
from warehouse.demo.sessions import (
    COINS,
    CURRENCIES,
    STOCKS,
    Sessions,
    exchange_sessions,
    last_sessions,
)
from warehouse.demo.universe import Listing, listings
from warehouse.models.reference import AssetType


@dataclass(frozen=True)
class World:
    """Everything drawn from a scale, a seed and a last day; each part is drawn when it is first asked for."""

    name: ScaleName
    seed: int
    until: date

    @property
    def scale(self) -> Scale:
        return SCALES[self.name]

    @property
    def written_at(self) -> np.datetime64:
        """When all rows say they were written: the midnight that ends the last day."""
        return np.datetime64(self.until, "us") + np.timedelta64(1, "D")

    @cached_property
    def listings(self) -> list[Listing]:
        return listings(self.scale, self.seed)

    @cached_property
    def sessions(self) -> Sessions:
        """The exchange's days that have bars."""
        return last_sessions(STOCKS, self.scale.sessions, self.until)

    @property
    def start(self) -> date:
        day: date = self.sessions.day[0].item()
        return day

    @cached_property
    def extended_sessions(self) -> Sessions:
        """The exchange's days from the first with bars to a year past the last."""
        return exchange_sessions(STOCKS, self.start, self.until + timedelta(days=365))

    @cached_property
    def coin_sessions(self) -> Sessions:
        return exchange_sessions(COINS, self.start, self.until)

    @cached_property
    def stocks(self) -> DailyPrices:
        return self._drawn(self.sessions)

    @cached_property
    def coins(self) -> DailyPrices:
        return self._drawn(self.coin_sessions)

    @cached_property
    def currencies(self) -> DailyPrices:
        return self._drawn(exchange_sessions(CURRENCIES, self.start, self.until))

    def _drawn(self, sessions: Sessions) -> DailyPrices:
        listed = [one for one in self.listings if one.exchange == sessions.exchange]
        return draw_prices(self.seed, self._factors, sessions, listed)

    @cached_property
    def _factors(self) -> Factors:
        return draw_factors(self.seed, np.datetime64(self.start), np.datetime64(self.until))

    @cached_property
    def liquid(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Rows of `stocks` that are listed throughout and never split, the benchmark first.

        Only these are traded: positions follow from trades alone, and a split is not a trade.
        """
        kinds = np.array([one.asset_type for one in self.stocks.listings])
        company = (kinds == AssetType.EQUITY) & self.stocks.alive.all(axis=1)
        company &= (self.stocks.actions.factor == 1).all(axis=1)
        return np.concatenate([[0], np.flatnonzero(company)])


def minute_days(prices: DailyPrices, row: np.ndarray, column: np.ndarray) -> Days:  # type: ignore[type-arg]
    """The days at [row, column], to be drawn in minutes; the less trades, the more minutes have none."""
    volume = prices.volume[row, column]
    ids = np.array([listing.instrument_id for listing in prices.listings])
    return Days(
        ids[row],
        prices.sessions.day[column].astype(int),
        prices.sessions.minutes[column],
        prices.open[row, column],
        prices.high[row, column],
        prices.low[row, column],
        prices.close[row, column],
        volume,
        np.clip(15_000 / np.maximum(volume, 1), 0, 0.25) * (volume > 0),
    )
