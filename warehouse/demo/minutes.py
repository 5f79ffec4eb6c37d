"""Minute bars inside given days: a bridge from the open to the close that touches the high and the low.

A day's minutes aggregate exactly to its daily bar. Any (instrument, day) can be drawn for itself.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from warehouse.demo.seeds import stream

Ticks = NDArray[np.int64]


@dataclass(frozen=True)
class Days:
    """The daily bars to be drawn in minutes; all arrays have one element a day."""

    instrument_id: Ticks
    number: Ticks  # of the day, since 1970
    minutes: Ticks
    open: Ticks
    high: Ticks
    low: Ticks
    close: Ticks
    volume: Ticks
    empties: NDArray[np.float64]  # chance that a minute has no trade


@dataclass(frozen=True)
class Minutes:
    """Bars, [day, minute]; a minute past the day's last is not `inside`, one without trades not `traded`."""

    open: Ticks
    high: Ticks
    low: Ticks
    close: Ticks  # carried forward over minutes without trades
    volume: Ticks
    traded: NDArray[np.bool_]
    inside: NDArray[np.bool_]


def draw_minutes(seed: int, days: Days) -> Minutes:
    """All minutes of the days."""
    width = int(days.minutes.max())
    normal, chance = _chances(seed, days, width)
    minute = np.arange(width)
    last = days.minutes[:, None] - 1
    inside = minute <= last
    edge = (minute == 0) | (minute == last)
    traded = inside & (edge | (chance >= days.empties[:, None]))
    close = _carried(_path(days, normal[:, 0], minute), traded, minute)
    opened = np.concatenate([days.open[:, None], close[:, :-1]], axis=1)
    opened[:, 1:] += np.rint(normal[:, 2, 1:]).astype(np.int64)  # the spread, a tick or two
    opened = np.clip(opened, days.low[:, None], days.high[:, None])
    high, low = _wicks(days, opened, close, normal[:, 2:], traded)
    return Minutes(opened, high, low, close, _volumes(days, normal[:, 1], traded), traded, inside)


def _chances(seed: int, days: Days, width: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    normal = np.empty((len(days.number), 4, width))
    chance = np.empty((len(days.number), width))
    for row, keys in enumerate(zip(days.instrument_id.tolist(), days.number.tolist(), strict=True)):
        rng = stream(seed, "minutes", *keys)
        rng.standard_normal(out=normal[row])
        rng.random(out=chance[row])
    return normal, chance


def _path(days: Days, normal: NDArray[np.float64], minute: Ticks) -> Ticks:
    """Closes: a Brownian bridge about as wide as the day's range."""
    share = (minute + 1) / days.minutes[:, None]
    walk = np.cumsum(normal, axis=1)
    end = np.take_along_axis(walk, days.minutes[:, None] - 1, axis=1)
    bridge = np.where(share <= 1, walk - share * end, 0.0)
    reach = np.ptp(bridge, axis=1) + 1e-9
    bridge *= (0.8 * (days.high - days.low) / reach)[:, None]
    line = days.open[:, None] + np.minimum(share, 1) * (days.close - days.open)[:, None]
    high, low = days.high[:, None], days.low[:, None]
    # Folded back at the day's bounds: cut off there, it would lie flat for an hour.
    folded = low + np.abs(high - np.abs(high - line - bridge) - low)
    closes: Ticks = np.clip(np.rint(folded).astype(np.int64), low, high)
    return closes


def _carried(close: Ticks, traded: NDArray[np.bool_], minute: Ticks) -> Ticks:
    newest = np.maximum.accumulate(np.where(traded, minute, 0), axis=1)
    return np.take_along_axis(close, newest, axis=1)


def _wicks(
    days: Days, opened: Ticks, close: Ticks, normal: NDArray[np.float64], traded: NDArray[np.bool_]
) -> tuple[Ticks, Ticks]:
    """Highs and lows beyond open and close; the furthest are moved onto the day's own."""
    reach = 0.02 * (days.high - days.low)[:, None]
    above, below = (np.rint(np.abs(normal[:, side]) * reach).astype(np.int64) for side in (0, 1))
    high = np.minimum(np.maximum(opened, close) + above, days.high[:, None])
    low = np.maximum(np.minimum(opened, close) - below, days.low[:, None])
    day = np.arange(len(high))
    high[day, np.where(traded, high, -1).argmax(axis=1)] = days.high
    low[day, np.where(traded, low, np.iinfo(np.int64).max).argmin(axis=1)] = days.low
    return high, low


def _volumes(days: Days, normal: NDArray[np.float64], traded: NDArray[np.bool_]) -> Ticks:
    """U-shaped over the day; whole units that add up, one at least in every minute that traded."""
    minute = np.arange(normal.shape[1])
    place = 2 * minute / days.minutes[:, None] - 1
    weight = np.where(traded, (1 + 3 * place**4) * np.exp(0.6 * normal), 0.0)
    sure = np.where(days.volume > 0, traded.sum(axis=1), 0)
    spare = np.maximum(days.volume - sure, 0)
    total = np.cumsum(weight, axis=1)
    reached = np.rint(total / total[:, -1:] * spare[:, None]).astype(np.int64)
    shares: Ticks = np.diff(reached, axis=1, prepend=0) + (traded & (days.volume > 0)[:, None])
    return shares
