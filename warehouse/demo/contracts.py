"""Which options are listed: expirations, strikes around the money, and the spreads made of them."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from warehouse.demo.sessions import STOCKS, Sessions
from warehouse.demo.world import CALENDAR_AHEAD, World
from warehouse.models.market import ExpirationType

FIRST_INSTRUMENT_ID = 10_000
MULTIPLIER = 100
_FRIDAY = 4


@dataclass(frozen=True)
class Expiration:
    """One day that options on an underlying end."""

    day: date
    kind: ExpirationType
    is_leap: bool


@dataclass(frozen=True)
class Contracts:
    """All contracts as columns, in order of underlying, expiration, strike and right."""

    underlying: NDArray[np.int64]  # row of the world's stocks
    strike: NDArray[np.int64]  # in cents
    expiration: NDArray[np.datetime64]
    ends_at: NDArray[np.datetime64]
    kind: NDArray[np.bytes_]
    is_call: NDArray[np.bool_]
    step: NDArray[np.int64]  # strikes above the money, negative below
    is_traded: NDArray[np.bool_]  # whether the accounts trade it, so that it is an instrument
    osi: NDArray[np.bytes_]

    @cached_property
    def contract_id(self) -> NDArray[np.int64]:
        return np.arange(1, len(self.strike) + 1)

    @property
    def instrument_id(self) -> NDArray[np.int64]:
        return FIRST_INSTRUMENT_ID + self.contract_id


def option_days(world: World) -> Sessions:
    """The sessions that have quotes."""
    days = world.sessions
    return days.window(
        days.day[-world.scale.option_sessions], days.day[-1] + np.timedelta64(1, "D")
    )


def expirations(world: World) -> list[Expiration]:
    """Six weeklies, six monthlies, and a January that is far off."""
    first = option_days(world).day[0].item()
    open_days = set(world.open_days(STOCKS, first, first + CALENDAR_AHEAD).day.tolist())
    fridays = [day for n in range(700) if (day := first + timedelta(days=n)).weekday() == _FRIDAY]
    monthly = [day for day in fridays if 15 <= day.day <= 21]
    leap = next(day for day in monthly if day.month == 1 and (day - first).days > 270)
    chosen = sorted({*fridays[:6], *monthly[:6], leap})
    found = []
    for friday in chosen:
        kind = ExpirationType.STANDARD if friday in monthly else ExpirationType.WEEKLY
        # A Friday that is a holiday hands its options to the session before.
        day = next(d for n in range(7) if (d := friday - timedelta(days=n)) in open_days)
        found.append(Expiration(day, kind, friday == leap))
    return [one for one in found if one.day >= first]


def traded_expirations(world: World) -> list[date]:
    """The two months whose options the accounts trade: none of them ends within the data."""
    soonest = world.until + timedelta(days=14)
    standard = [one.day for one in expirations(world) if one.kind is ExpirationType.STANDARD]
    return [day for day in standard if day > soonest][:2]


def contracts(world: World) -> Contracts:
    """Calls and puts of every strike, expiration and optionable underlying."""
    rows = world.liquid[: world.scale.optionable]
    ends, traded = expirations(world), traded_expirations(world)
    sessions = world.open_days(STOCKS, ends[0].day, ends[-1].day)
    closes = dict(zip(sessions.day.tolist(), sessions.closes_at, strict=True))
    steps = range(-world.scale.strikes, world.scale.strikes + 1)
    listed = [
        (row, money + step * gap, end, step, call)
        for row in rows
        for money, gap in [_money(world, row)]
        for end, step, call in product(ends, steps, (True, False))
        if money + step * gap > 0
    ]
    symbols = [one.symbol for one in world.stocks.listings]
    return Contracts(
        np.array([row for row, *_ in listed]),
        np.array([strike for _, strike, *_ in listed]),
        np.array([end.day for _, _, end, *_ in listed], "datetime64[D]"),
        np.array([closes[end.day] for _, _, end, *_ in listed]),
        np.array([end.kind for _, _, end, *_ in listed], "S"),
        np.array([call for *_, call in listed]),
        np.array([step for *_, step, _ in listed]),
        np.array([end.day in traded for _, _, end, *_ in listed]),
        np.array([osi(symbols[r], end.day, call, strike) for r, strike, end, _, call in listed], "S"),
    )  # fmt: skip


def osi(root: str, day: date, is_call: bool, strike: int) -> str:
    """The 21 characters of a contract whose strike is given in cents."""
    return f"{root:<6}{day:%y%m%d}{'C' if is_call else 'P'}{strike * 10:08d}"


def _money(world: World, row: int) -> tuple[int, int]:
    """The strike nearest to the price, and the gap between strikes, in cents."""
    column = len(world.sessions) - world.scale.option_sessions
    spot = int(world.stocks.close[row, column - 1])
    gap = next(
        (gap for top, gap in ((2_500, 50), (10_000, 250), (25_000, 500)) if spot < top), 1_000
    )
    return round(spot / gap) * gap, gap


def strike_years(ends_at: Any, at: Any) -> NDArray[np.float64]:
    """Years of 365 days until contracts end."""
    return np.asarray((ends_at - at) / np.timedelta64(365, "D"), float)
