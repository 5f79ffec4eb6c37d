"""Option quotes: snapshots of whole chains, priced by Black and Scholes on the minute prices."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warehouse.demo.binary import Fixed
from warehouse.demo.black_scholes import Valued, value
from warehouse.demo.chunks import Chunk, chunk
from warehouse.demo.contracts import Contracts, contracts, option_days, strike_years
from warehouse.demo.minutes import draw_minutes
from warehouse.demo.people import BROKER
from warehouse.demo.seeds import stream
from warehouse.demo.volatility import INTEREST_RATE, levels, smile
from warehouse.demo.world import World
from warehouse.models.market import OptionChain, OptionQuote

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Chains:
    """The contracts, and what a day's snapshots need of their underlyings."""

    world: World
    contracts: Contracts
    level: Floats

    @cached_property
    def place(self) -> Ints:
        """Each contract's underlying among the optionable ones."""
        rows = self.world.liquid[: self.world.scale.optionable]
        return np.searchsorted(rows, self.contracts.underlying)

    def spots(self, column: int) -> tuple[NDArray[np.datetime64], Ints, Ints]:
        """Moments of a session's snapshots, the underlyings' prices then in cents, and shares traded by then."""
        rows = self.world.liquid[: self.world.scale.optionable]
        days = self.world.minute_days(self.world.stocks, rows, np.full(len(rows), column))
        minutes = draw_minutes(self.world.seed, days)
        total = int(days.minutes[0])
        count = self.world.scale.snapshots
        at = np.arange(1, count + 1) * total // count
        moments = self.world.sessions.opens_at[column] + at * np.timedelta64(60, "s")
        traded = np.cumsum(minutes.volume, axis=1)
        return moments, minutes.close[:, at - 1], traded[:, at - 1]

    def valued(self, which: Ints, spot: Any, column: Any, at: Any) -> tuple[Valued, Floats]:
        """Prices and Greeks of some contracts at given spots, and the volatilities used."""
        c = self.contracts
        strike, years = c.strike[which] / 100, strike_years(c.ends_at[which], at)
        volatility = smile(self.level[self.place[which], column], spot, strike, years)
        found = value(spot, strike, years, INTEREST_RATE, volatility, c.is_call[which])
        return found, volatility


def chains(world: World) -> Chains:
    return Chains(world, contracts(world), levels(world))


def quote_chunks(found: Chains) -> Iterator[Chunk]:
    """Each session's snapshots: of the chains, then of the contracts."""
    world = found.world
    for column in range(len(world.sessions) - len(option_days(world)), len(world.sessions)):
        moments, spots, traded = found.spots(column)
        yield chunk(OptionChain, _chain_rows(found, column, moments, spots, traded))
        yield chunk(OptionQuote, _quotes_of_day(found, column, moments, spots))


# -- quotes ----------------------------------------------------------------------------------------


def _quotes_of_day(
    found: Chains, column: int, moments: NDArray[np.datetime64], spots: Ints
) -> dict[str, Any]:
    c = found.contracts
    # What ends with the session has no quote at its end.
    which = np.flatnonzero(c.ends_at > moments[-1])
    shape = (len(moments), len(which))
    spot = spots[found.place[which]].T / 100
    valued, volatility = found.valued(which, spot, column, moments[:, None])
    rng = stream(found.world.seed, "quotes", column)
    liquid = _liquidity(found, which, rng)
    rows = {
        "option_contract_id": np.broadcast_to(c.contract_id[which], shape),
        "snapshot_at": np.broadcast_to(moments[:, None], shape),
        "expiration_date": np.broadcast_to(c.expiration[which], shape),
        **_prices(valued.price, spot, c.strike[which], c.is_call[which], rng),
        **_sizes(liquid, shape, rng),
        "close": _previous_close(found, which, column, shape),
        "volatility": volatility,
        **{name: np.round(getattr(valued, name), 6) for name in _GREEKS},
        "theoretical_volatility": volatility,
    }
    return {**{name: _flat(values) for name, values in rows.items()}, "source_id": BROKER}


_GREEKS = ("delta", "gamma", "theta", "vega", "rho")


def _flat(values: Any) -> Any:
    if isinstance(values, Fixed):
        return Fixed(values.units.reshape(-1), values.places)
    return values.reshape(-1)


def _prices(
    price: Floats, spot: Floats, strike: Ints, is_call: Any, rng: np.random.Generator
) -> dict[str, Any]:
    """Bid and ask in cents around the model's price; the session's prices run on from snapshot to snapshot."""
    half = np.maximum(0.01, 0.012 * price)
    bid = np.maximum(np.floor((price - half) * 100), 0).astype(np.int64)
    ask = np.maximum(np.ceil((price + half) * 100), bid + 1).astype(np.int64)
    last = np.maximum(np.where(rng.random(price.shape) < 0.5, bid, ask), 1)
    inside = np.rint(spot * 100).astype(np.int64) - strike
    intrinsic = np.maximum(np.where(is_call, inside, -inside), 0)
    mark = (bid + ask) * 5  # in tenths of a cent
    return {
        "bid": Fixed(bid, 2),
        "ask": Fixed(ask, 2),
        "last": Fixed(last, 2),
        "mark": Fixed(mark, 3),
        "open": Fixed(np.broadcast_to(last[0], last.shape), 2),
        "high": Fixed(np.maximum.accumulate(last, axis=0), 2),
        "low": Fixed(np.minimum.accumulate(last, axis=0), 2),
        "intrinsic_value": Fixed(intrinsic, 2),
        "time_value": Fixed(mark - intrinsic * 10, 3),
        "theoretical_value": Fixed(np.rint(price * 1e6).astype(np.int64), 6),
    }


def _liquidity(found: Chains, which: Ints, rng: np.random.Generator) -> Floats:
    """How much interest a contract finds: near the money and soon the most."""
    c = found.contracts
    near = np.exp(-np.abs(c.step[which]) / 4)
    weeks = (c.expiration[which] - c.expiration.min()).astype(int) / 7
    liquidity: Floats = near * np.exp(rng.normal(7.5, 0.8, len(which))) / (1 + weeks / 6)
    return liquidity


def _sizes(liquid: Floats, shape: tuple[int, int], rng: np.random.Generator) -> dict[str, Any]:
    passed = np.arange(1, shape[0] + 1)[:, None] / shape[0]
    return {
        "bid_size": rng.integers(1, 400, shape),
        "ask_size": rng.integers(1, 400, shape),
        "last_size": rng.integers(1, 30, shape),
        "total_volume": np.rint(liquid * 0.3 * passed).astype(np.int64),
        "open_interest": np.broadcast_to(np.rint(liquid).astype(np.int64), shape),
    }


def _previous_close(found: Chains, which: Ints, column: int, shape: tuple[int, int]) -> Fixed:
    world, place = found.world, found.place[which]
    spot = world.stocks.close[world.liquid[place], column - 1] / 100
    valued, _ = found.valued(which, spot, column - 1, world.sessions.closes_at[column - 1])
    cents = np.maximum(np.rint(valued.price * 100), 1).astype(np.int64)
    return Fixed(np.broadcast_to(cents, shape), 2)


# -- chains ----------------------------------------------------------------------------------------


def _chain_rows(
    found: Chains, column: int, moments: NDArray[np.datetime64], spots: Ints, traded: Ints
) -> dict[str, Any]:
    """One row for each snapshot, underlying and expiration."""
    world, c = found.world, found.contracts
    pairs = np.unique(np.stack([found.place, c.expiration.astype(int)]), axis=1)
    ends = c.ends_at[
        np.searchsorted(c.expiration[found.place == 0], pairs[1].astype("datetime64[D]"))
    ]
    pairs = pairs[:, ends > moments[-1]]
    at, pair = (index.reshape(-1) for index in np.indices((len(moments), pairs.shape[1])))
    place = pairs[0, pair]
    spot = spots[place, at]
    before = world.stocks.close[world.liquid[place], column - 1]
    return {
        "underlying_id": world.stocks.instrument_id[world.liquid[place]],
        "expiration_date": pairs[1, pair].astype("datetime64[D]"),
        "snapshot_at": moments[at],
        "source_id": BROKER,
        "underlying_price": Fixed(spot, 2),
        "underlying_bid": Fixed(spot - 1, 2),
        "underlying_ask": Fixed(spot + 1, 2),
        "underlying_last": Fixed(spot, 2),
        "underlying_volume": traded[place, at],
        "underlying_change": Fixed(spot - before, 2),
        "underlying_percent_change": np.round(spot / before - 1, 6),
        "interest_rate": INTEREST_RATE,
        "implied_volatility": np.round(found.level[place, column], 4),
    }
