"""Daily prices: correlated geometric Brownian motion with overnight gaps, splits and dividends.

Each return is a market's, a sector's and the instrument's own, so sectors move together. Minute
bars (`minutes`) are drawn inside these days and add up to them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from warehouse.demo.actions import Actions, dividend_amounts, draw_actions
from warehouse.demo.names import SECTORS
from warehouse.demo.seeds import stream
from warehouse.demo.sessions import COINS, CURRENCIES, STOCKS, Sessions
from warehouse.demo.universe import Listing
from warehouse.models.reference import AssetType

Floats = NDArray[np.float64]
Ticks = NDArray[np.int64]

MARKET_VOLATILITY = 0.16
SECTOR_VOLATILITY = 0.09
_OVERNIGHT = 0.3  # share of a day's variance that falls between the sessions
_DAYS_A_YEAR = {STOCKS: 252, CURRENCIES: 260, COINS: 365}
_LEAST_VOLUME = 1_440  # a unit for every minute of the longest day
_REGIME = 0.97  # how slowly calm and wild times follow each other


@dataclass(frozen=True)
class Factors:
    """What all instruments share, by calendar day: the market's and the sectors' standard moves."""

    first: np.datetime64
    calm: Floats  # multiplies the volatilities of the day
    market: Floats
    sectors: Floats  # [sector, day]


@dataclass(frozen=True)
class DailyPrices:
    """Bars of one exchange's instruments, [instrument, session], prices in ticks of 10^-places."""

    listings: Sequence[Listing]
    sessions: Sessions
    open: Ticks
    high: Ticks
    low: Ticks
    close: Ticks
    volume: Ticks
    adjusted: Ticks  # closes in 10^-6, as if splits and dividends had never been
    alive: NDArray[np.bool_]  # whether the instrument is listed on the day
    actions: Actions

    @cached_property
    def instrument_id(self) -> Ticks:
        return np.array([listing.instrument_id for listing in self.listings])


def draw_factors(seed: int, first: np.datetime64, last: np.datetime64) -> Factors:
    """The factors of every calendar day, open or not: coins trade on all of them."""
    rng = stream(seed, "factors")
    days = int((last - first).astype(int)) + 1
    swings = list(
        accumulate(rng.standard_normal(days) * 0.08, lambda calm, now: _REGIME * calm + now)
    )
    return Factors(
        first,
        np.exp(swings),
        rng.standard_normal(days),
        rng.standard_normal((len(SECTORS), days)),
    )


@dataclass(frozen=True)
class _Draws:
    """Every listing's own chances, [instrument, …, session]."""

    own: Floats
    overnight: Floats
    busy: Floats
    extremes: Floats  # uniform in (0, 1], for the high and the low


def draw_prices(
    seed: int, factors: Factors, sessions: Sessions, listings: Sequence[Listing]
) -> DailyPrices:
    """All daily bars of the listings, which share the sessions."""
    draws = _draw(seed, listings, len(sessions))
    moves = [
        _returns(listing, factors, sessions, draws.own[row]) for row, listing in enumerate(listings)
    ]
    returns = np.stack([returned for returned, _ in moves])
    spread = np.stack([deviation for _, deviation in moves])
    actions = draw_actions(seed, sessions, listings)
    start = np.log([listing.price for listing in listings])[:, None]
    path = start + np.cumsum(returns + np.log(actions.drop), axis=1)
    return _bars(listings, sessions, path, returns, spread, draws, actions)


def _draw(seed: int, listings: Sequence[Listing], total: int) -> _Draws:
    rngs = [stream(seed, "prices", listing.instrument_id) for listing in listings]
    normal = np.stack([rng.standard_normal((3, total)) for rng in rngs])
    chance = np.stack([1 - rng.random((2, total)) for rng in rngs])
    return _Draws(normal[:, 0], normal[:, 1], normal[:, 2], chance)


def _returns(
    listing: Listing, factors: Factors, sessions: Sessions, own: Floats
) -> tuple[Floats, Floats]:
    """Log returns, and the standard deviation each was drawn with."""
    at = (sessions.day - factors.first).astype(int)
    days_a_year = _DAYS_A_YEAR[sessions.exchange]
    market, sector = listing.beta * MARKET_VOLATILITY, 0.0
    moves = market * factors.market[at]
    if listing.sector:
        # A sector's fund holds the sector, so it has all of it and little of its own.
        sector = SECTOR_VOLATILITY
        moves = moves + sector * factors.sectors[list(SECTORS).index(listing.sector), at]
    moves = moves + listing.own_volatility * own
    variance = market**2 + sector**2 + listing.own_volatility**2
    calm = factors.calm[at] / np.sqrt(days_a_year)
    drift = (0.07 * listing.beta - variance / 2) / days_a_year
    return drift + calm * moves, calm * np.sqrt(variance)


def _bars(
    listings: Sequence[Listing],
    sessions: Sessions,
    path: Floats,
    returns: Floats,
    spread: Floats,
    draws: _Draws,
    actions: Actions,
) -> DailyPrices:
    gap = _OVERNIGHT * returns + np.sqrt(_OVERNIGHT * (1 - _OVERNIGHT)) * spread * draws.overnight
    opening = path - returns + gap
    high, low = _extremes(opening, path, (1 - _OVERNIGHT) * spread**2, draws.extremes)
    raw = 10.0 ** np.array([listing.places for listing in listings])[:, None] / actions.factor
    opens, closes = (
        np.maximum(np.rint(np.exp(x) * raw), 1).astype(np.int64) for x in (opening, path)
    )
    highs = np.maximum(np.rint(np.exp(high) * raw).astype(np.int64), np.maximum(opens, closes))
    lows = np.minimum(np.rint(np.exp(low) * raw).astype(np.int64), np.minimum(opens, closes))
    amounts = dividend_amounts(closes, actions)
    return DailyPrices(
        listings, sessions, opens, highs, np.maximum(lows, 1), closes,
        _volumes(listings, np.abs(returns) / spread, draws.busy, actions),
        _adjusted(listings, closes, amounts, actions),
        _alive(listings, len(sessions)),
        actions.with_amounts(amounts),
    )  # fmt: skip


def _extremes(
    opening: Floats, closing: Floats, variance: Floats, chance: Floats
) -> tuple[Floats, Floats]:
    """Maximum and minimum of a Brownian bridge by their exact laws, each drawn for itself."""
    up, down = (-2 * variance * np.log(chance[:, side]) for side in (0, 1))
    middle, rest = opening + closing, (closing - opening) ** 2
    return (middle + np.sqrt(rest + up)) / 2, (middle - np.sqrt(rest + down)) / 2


def _volumes(
    listings: Sequence[Listing], surprise: Floats, noise: Floats, actions: Actions
) -> Ticks:
    """Busy days are days of large moves; after a split there are more shares to trade."""
    usual = np.array([listing.shares * listing.turnover for listing in listings])[:, None]
    busy = np.exp(0.35 * noise + 0.25 * (surprise - 0.8))
    volumes = np.rint(usual * actions.factor * busy).astype(np.int64)
    return np.where(usual > 0, np.maximum(volumes, _LEAST_VOLUME), 0)


def _adjusted(
    listings: Sequence[Listing], closes: Ticks, amounts: Ticks, actions: Actions
) -> Ticks:
    """Closes times every later split's and dividend's factor, in 10^-6."""
    before = np.concatenate([closes[:, :1], closes[:, :-1]], axis=1)
    keep = (1 - amounts / before) * _step(actions.factor)
    later = np.cumprod(
        np.concatenate([keep[:, 1:], np.ones((len(keep), 1))], axis=1)[:, ::-1], axis=1
    )
    scale = 10.0 ** (6 - np.array([listing.places for listing in listings]))[:, None]
    return np.maximum(np.rint(closes * later[:, ::-1] * scale), 1).astype(np.int64)


def _step(factor: Floats) -> Floats:
    """What a share of the day before became: 1/2 at a split of two for one."""
    before = np.concatenate([np.ones((len(factor), 1)), factor[:, :-1]], axis=1)
    return before / factor


def _alive(listings: Sequence[Listing], total: int) -> NDArray[np.bool_]:
    day = np.arange(total)
    first = np.array([int(listing.listed_after * total) for listing in listings])[:, None]
    last = np.array([int(listing.delisted_after * total) for listing in listings])[:, None]
    return (day >= first) & (day < last)


def is_priced_by_trades(listing: Listing) -> bool:
    """Whether its bars have a volume: an index and a currency pair are computed, not traded here."""
    return listing.asset_type not in (AssetType.INDEX, AssetType.FOREX)
