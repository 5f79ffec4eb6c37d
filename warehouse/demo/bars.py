"""Bars as rows: a month's daily bars of everything, and the minute bars of those that have them."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from warehouse.demo.arrays import MINUTE, Ints
from warehouse.demo.binary import Fixed, Optional
from warehouse.demo.chunks import Chunk, chunk
from warehouse.demo.minutes import Minutes, draw_minutes
from warehouse.demo.people import FUNDAMENTALS, TAPE
from warehouse.demo.prices import DailyPrices
from warehouse.demo.reference import in_ticks
from warehouse.demo.sessions import COINS
from warehouse.demo.world import World
from warehouse.models.market import Bar
from warehouse.models.ops import InstrumentDataStatus

_CELLS = 250_000  # minutes in one piece, about 100 MB at work
_SECOND_OPINIONS = 5  # instruments whose daily bars a second source has too


def bar_chunks(world: World, month: np.datetime64) -> Iterator[Chunk]:
    """A month's bars: the days first, then the minutes, by time."""
    for prices in (world.stocks, world.coins, world.currencies):
        low, high = np.searchsorted(prices.sessions.day, [month, month + 1])
        yield chunk(Bar, _daily(prices, low, high))
    yield chunk(Bar, _second_opinion(world, month))
    for prices, rows in ((world.stocks, world.minute_rows), (world.coins, _minute_coins(world))):
        for columns in _pieces(world, prices, rows, month):
            yield chunk(Bar, _minutes(world, prices, rows, columns))
    if month == world.sessions.day[-1].astype("M8[M]"):
        for prices in (world.stocks, world.coins, world.currencies):
            yield chunk(InstrumentDataStatus, _daily_status(world, prices))
        yield chunk(InstrumentDataStatus, _minute_status(world))


def _minute_coins(world: World) -> Ints:
    return np.arange(world.scale.minute_coins)


def first_minute_day(world: World) -> np.datetime64:
    first: np.datetime64 = world.sessions.day[-world.scale.minute_sessions]
    return first


def minute_columns(world: World, prices: DailyPrices, month: np.datetime64) -> Ints:
    """The sessions of a month that have minute bars."""
    day = prices.sessions.day
    return np.flatnonzero((day >= month) & (day < month + 1) & (day >= first_minute_day(world)))


def _pieces(world: World, prices: DailyPrices, rows: Ints, month: np.datetime64) -> Iterator[Ints]:
    columns = minute_columns(world, prices, month)
    if not len(columns) or not len(rows):
        return
    width = 1_440 if prices.sessions.exchange == COINS else 390
    step = max(1, _CELLS // (width * len(rows)))
    for start in range(0, len(columns), step):
        yield columns[start : start + step]


# -- daily -----------------------------------------------------------------------------------------


def _daily(prices: DailyPrices, low: int, high: int) -> dict[str, Any]:
    column, row = np.nonzero(prices.alive[:, low:high].T)
    column += low
    before = np.maximum(column - 1, 0)
    has_before = (column > 0) & prices.alive[row, before]
    return {
        "instrument_id": prices.instrument_id[row],
        "frequency": "1d",
        "bar_at": prices.sessions.opens_at[column],
        "source_id": TAPE,
        **{
            name: in_ticks(prices, row, getattr(prices, name)[row, column])
            for name in ("open", "high", "low", "close")
        },
        "volume": prices.volume[row, column],
        "previous_close": Optional(in_ticks(prices, row, prices.close[row, before]), has_before),
        "previous_close_at": Optional(prices.sessions.closes_at[before], has_before),
    }


def _second_opinion(world: World, month: np.datetime64) -> dict[str, Any]:
    """What another source says: the same prices, another count of the volume."""
    prices = world.stocks
    low, high = np.searchsorted(prices.sessions.day, [month, month + 1])
    row, column = (
        index.reshape(-1)
        for index in np.meshgrid(world.liquid[:_SECOND_OPINIONS], np.arange(low, high))
    )
    return {
        "instrument_id": prices.instrument_id[row],
        "frequency": "1d",
        "bar_at": prices.sessions.opens_at[column],
        "source_id": FUNDAMENTALS,
        **{
            name: in_ticks(prices, row, getattr(prices, name)[row, column])
            for name in ("open", "high", "low", "close")
        },
        "volume": prices.volume[row, column] // 100 * 98,
    }


# -- minutes ---------------------------------------------------------------------------------------


def _minutes(world: World, prices: DailyPrices, rows: Ints, columns: Ints) -> dict[str, Any]:
    column, row = (index.reshape(-1) for index in np.meshgrid(columns, rows, indexing="ij"))
    drawn = draw_minutes(world.seed, world.minute_days(prices, row, column))
    # By time, then instrument: as a tape comes in, and as BRIN likes it.
    at = prices.sessions.opens_at[column][:, None] + np.arange(drawn.close.shape[1]) * MINUTE
    day, minute = np.nonzero(drawn.inside)
    order = np.argsort(at[day, minute], kind="stable")
    return _minute_rows(prices, row, column, drawn, day[order], minute[order], at)


def _minute_rows(
    prices: DailyPrices, row: Ints, column: Ints, drawn: Minutes, day: Ints, minute: Ints, at: Any
) -> dict[str, Any]:
    at_, of = (day, minute), row[day]
    is_empty = ~drawn.traded[at_]
    before = np.maximum(column[day] - 1, 0)
    return {
        "instrument_id": prices.instrument_id[of],
        "frequency": "1m",
        "bar_at": at[at_],
        "source_id": TAPE,
        **{
            name: _known(in_ticks(prices, of, getattr(drawn, name)[at_]), ~is_empty)
            for name in ("open", "high", "low", "close")
        },
        "volume": drawn.volume[at_],
        "previous_close": in_ticks(prices, of, prices.close[of, before]),
        "previous_close_at": prices.sessions.closes_at[before],
        "is_empty": is_empty,
    }


def _known(values: Fixed, present: Any) -> Fixed | Optional:
    return values if present.all() else Optional(values, present)


# -- how far the feeds have come -------------------------------------------------------------------


def _daily_status(world: World, prices: DailyPrices) -> dict[str, Any]:
    first = prices.alive.argmax(axis=1)
    last = len(prices.sessions) - 1 - prices.alive[:, ::-1].argmax(axis=1)
    opens = prices.sessions.opens_at
    return _status(world, prices.instrument_id, "1d", opens[first], opens[last])


def _minute_status(world: World) -> dict[str, Any]:
    days = world.sessions.last(world.scale.minute_sessions)
    ids = world.stocks.instrument_id[world.minute_rows]
    return _status(world, ids, "1m", days.opens_at[0], days.closes_at[-1] - MINUTE)


def _status(world: World, ids: Ints, frequency: str, first: Any, last: Any) -> dict[str, Any]:
    return {
        "instrument_id": ids,
        "source_id": TAPE,
        "frequency": frequency,
        "first_at": first,
        "last_at": last,
        "last_success_at": world.written_at,
    }
