"""Prices at any minute of any instrument, from the same minute paths that the bars are made of."""

from dataclasses import dataclass

import numpy as np

from warehouse.demo.arrays import Ints
from warehouse.demo.minutes import draw_minutes
from warehouse.demo.prices import DailyPrices
from warehouse.demo.world import World

_CELLS = 600_000  # minutes drawn at once, about 100 MB


@dataclass(frozen=True)
class Spot:
    """Prices of a minute, in ticks; a minute without trades repeats the last close."""

    close: Ints
    low: Ints
    high: Ints


def spot(world: World, prices: DailyPrices, row: Ints, column: Ints, minute: Ints) -> Spot:
    """The prices at many moments, each given by instrument, session and minute."""
    width = len(prices.sessions)
    days, day = np.unique(row * width + column, return_inverse=True)
    found = Spot(*(np.empty(len(row), np.int64) for _ in range(3)))
    step = max(1, _CELLS // int(prices.sessions.minutes.max()))
    order = np.argsort(day, kind="stable")
    for start in range(0, len(days), step):
        some = days[start : start + step]
        low, high = np.searchsorted(day, [start, start + step], sorter=order)
        _fill(found, world, prices, some, order[low:high], day, start, minute)
    return found


def _fill(
    found: Spot,
    world: World,
    prices: DailyPrices,
    days: Ints,
    which: Ints,
    day: Ints,
    start: int,
    minute: Ints,
) -> None:
    rows, columns = np.divmod(days, len(prices.sessions))
    drawn = draw_minutes(world.seed, world.minute_days(prices, rows, columns))
    at = day[which] - start, minute[which]
    close, traded = drawn.close[at], drawn.traded[at]
    found.close[which] = close
    found.low[which] = np.where(traded, drawn.low[at], close)
    found.high[which] = np.where(traded, drawn.high[at], close)
