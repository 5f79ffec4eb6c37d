"""The demo's market as one value: what is listed, when it trades and at which daily prices."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from warehouse.demo.arrays import Ints
from warehouse.demo.minutes import Days
from warehouse.demo.prices import DailyPrices, Factors, draw_factors, draw_prices
from warehouse.demo.scale import SCALES, Scale, ScaleName
from warehouse.demo.sessions import (
    COINS,
    CURRENCIES,
    EXCHANGES,
    STOCKS,
    Sessions,
    exchange_sessions,
)
from warehouse.demo.universe import Listing, listings
from warehouse.models.reference import AssetType

# As far as the last option's expiration, two Januaries ahead.
CALENDAR_AHEAD = timedelta(days=800)


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
    def _calendars(self) -> dict[str, Sessions]:
        """Every exchange's days, drawn up once: from before the first bar to after the last option."""
        first = self.until - timedelta(days=self.scale.sessions * 3 // 2 + 20)
        last = self.until + CALENDAR_AHEAD
        return {name: exchange_sessions(name, first, last) for name in EXCHANGES}

    def open_days(self, exchange: str, first: date, last: date) -> Sessions:
        """The sessions of an exchange from one day to another, both included."""
        end = np.datetime64(last + timedelta(days=1))
        return self._calendars[exchange].window(np.datetime64(first), end)

    @cached_property
    def sessions(self) -> Sessions:
        """The exchange's days that have bars."""
        return self.open_days(STOCKS, date.min, self.until).last(self.scale.sessions)

    @property
    def start(self) -> date:
        day: date = self.sessions.day[0].item()
        return day

    @cached_property
    def coin_sessions(self) -> Sessions:
        return self.open_days(COINS, self.start, self.until)

    @cached_property
    def stocks(self) -> DailyPrices:
        return self._drawn(self.sessions)

    @cached_property
    def coins(self) -> DailyPrices:
        return self._drawn(self.coin_sessions)

    @cached_property
    def currencies(self) -> DailyPrices:
        return self._drawn(self.open_days(CURRENCIES, self.start, self.until))

    def _drawn(self, sessions: Sessions) -> DailyPrices:
        listed = [one for one in self.listings if one.exchange == sessions.exchange]
        return draw_prices(self.seed, self._factors, sessions, listed)

    @cached_property
    def _factors(self) -> Factors:
        return draw_factors(self.seed, np.datetime64(self.start), np.datetime64(self.until))

    @cached_property
    def liquid(self) -> Ints:
        """Rows of `stocks` that are listed throughout and never split, the benchmark first.

        Only these are traded: positions follow from trades alone, and a split is not a trade.
        """
        kinds = np.array([one.asset_type for one in self.stocks.listings])
        company = (kinds == AssetType.EQUITY) & self.stocks.alive.all(axis=1)
        company &= (self.stocks.actions.factor == 1).all(axis=1)
        return np.concatenate([[0], np.flatnonzero(company)])

    @cached_property
    def minute_rows(self) -> Ints:
        """Rows of `stocks` that have minute bars: three of four are traded by the accounts."""
        others = max(1, self.scale.minute_instruments // 4)
        first = self.liquid[: self.scale.minute_instruments - others]
        return np.concatenate([first, self.liquid[self.scale.traded :][:others]])

    def minute_days(self, prices: DailyPrices, row: Ints, column: Ints) -> Days:
        """The days at [row, column], to be drawn in minutes; the less trades, the more minutes have none."""
        volume = prices.volume[row, column]
        quiet = np.clip(15_000 / np.maximum(volume, 1), 0.01, 0.25) * (volume > 0)
        # What the accounts trade trades every minute: a fill cannot lie in an empty bar.
        quiet[np.isin(row, self.liquid[: self.scale.traded])] = 0
        return Days(
            prices.instrument_id[row],
            prices.sessions.day[column].astype(int),
            prices.sessions.minutes[column],
            prices.open[row, column],
            prices.high[row, column],
            prices.low[row, column],
            prices.close[row, column],
            volume,
            quiet if prices.sessions.exchange == STOCKS else np.zeros(len(row)),
        )
