"""The load as a plan: its steps in order, what each holds, and how it is told from every other data set's."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256

import numpy as np

from warehouse.demo.bars import bar_chunks, first_minute_day
from warehouse.demo.chunks import Chunk
from warehouse.demo.desk import keeping_chunks, noticed_chunks
from warehouse.demo.fundamentals import fundamental_chunks
from warehouse.demo.games import game_chunks
from warehouse.demo.listed_options import contract_chunks
from warehouse.demo.quotes import Chains, chains, quote_chunks
from warehouse.demo.reference import mark_chunks, reference_chunks
from warehouse.demo.scale import ScaleName
from warehouse.demo.shelf import shelf_chunks
from warehouse.demo.trading.months import Desk, months
from warehouse.demo.world import World
from warehouse.models.ops import IngestKind

# Part of every step's identity: raise it when the same seed gives other rows.
VERSION = 1


@dataclass(frozen=True)
class Step:
    """One transaction of the load; `rows` is how many it is expected to write, trading roughly."""

    name: str
    kind: IngestKind
    rows: int


@dataclass(frozen=True)
class DataSet:
    """What makes one demo data set another than the next."""

    scale: ScaleName
    seed: int
    until: date

    def label(self, step: str) -> str:
        """How a step is filed, to be read by people."""
        return f"demo {self.scale}, seed {self.seed}, until {self.until}: {step}"

    def content_hash(self, step: str) -> bytes:
        """The identity of a step's rows."""
        fields = (str(VERSION), self.scale, str(self.seed), self.until.isoformat(), step)
        return sha256("\n".join(fields).encode()).digest()


def plan(scale: ScaleName, seed: int, until: date) -> list[Step]:
    """The steps of a load; each is written whole or not at all."""
    return list(_steps(World(scale, seed, until)))


def _steps(world: World) -> Iterator[Step]:
    scale, listed, sessions = world.scale, len(world.listings), len(world.sessions)
    contracts = scale.optionable * 12 * (2 * scale.strikes + 1) * 2
    yield Step("reference", IngestKind.INSTRUMENTS, _reference_rows(world))
    yield Step("marks", IngestKind.DAILY_MARKS, listed * sessions)
    for month in months(world):
        yield Step(f"bars {month}", IngestKind.BARS, _bars(world, month))
    reports = 1 + (sessions - 1) // 63
    yield Step("fundamentals", IngestKind.KEY_STATISTICS, scale.equities * reports * 12)
    yield Step("options", IngestKind.OPTION_CONTRACTS, contracts * 6)
    quotes = contracts * scale.snapshots * scale.option_sessions
    yield Step("quotes", IngestKind.OPTION_QUOTES, quotes)
    for month in months(world):
        share = len(world.sessions.window(month, month + 1)) / sessions
        yield Step(f"trading {month}", IngestKind.TRADES, int(scale.orders * share * 15))
    yield Step("games", IngestKind.EVENTS, scale.games * 20)
    yield Step("books", IngestKind.BOOKS, scale.books * 16 // 3)


def _reference_rows(world: World) -> int:
    """Listings and their names, three calendars a year ahead, and what accounts and people keep."""
    days = len(world.coin_sessions) + 365
    return int(4 * len(world.listings) + 2.4 * days + 30 * world.scale.accounts)


def _bars(world: World, month: np.datetime64) -> int:
    scale, stocks, coins = world.scale, world.sessions, world.coin_sessions
    daily = len(stocks.window(month, month + 1)) * (scale.equities + scale.etfs + 10)
    daily += len(coins.window(month, month + 1)) * scale.coins
    first = max(month.astype("M8[D]"), first_minute_day(world))
    end = (month + 1).astype("M8[D]")
    minutes = stocks.window(first, end).minutes.sum() * scale.minute_instruments
    minutes += coins.window(first, end).minutes.sum() * scale.minute_coins
    return int(daily + minutes)


class Drawing:
    """Draws the steps' rows; what several steps need is drawn once, and only when one needs it."""

    def __init__(self, data_set: DataSet) -> None:
        self.world = World(data_set.scale, data_set.seed, data_set.until)
        self._drawn: list[np.datetime64] = []

    @cached_property
    def _chains(self) -> Chains:
        return chains(self.world)

    @cached_property
    def _desk(self) -> Desk:
        return Desk(self._chains)

    def chunks(self, step: Step) -> Iterator[Chunk]:
        """The rows of a step, in pieces of bounded size."""
        noun, _, month = step.name.partition(" ")
        if noun == "bars":
            return bar_chunks(self.world, np.datetime64(month))
        if noun == "trading":
            return self._trading(np.datetime64(month))
        whole: dict[str, Callable[[], Iterator[Chunk]]] = {
            "reference": self._reference,
            "marks": lambda: mark_chunks(self.world),
            "fundamentals": lambda: fundamental_chunks(self.world),
            "options": lambda: contract_chunks(self._chains),
            "quotes": lambda: quote_chunks(self._chains),
            "games": lambda: game_chunks(self.world),
            "books": lambda: shelf_chunks(self.world),
        }
        return whole[noun]()

    def _reference(self) -> Iterator[Chunk]:
        yield from reference_chunks(self.world)
        yield from keeping_chunks(self.world)
        yield from noticed_chunks(self.world)

    def _trading(self, month: np.datetime64) -> Iterator[Chunk]:
        """A resumed load draws the months before again, for their positions, and writes none of them."""
        for earlier in months(self.world):
            if earlier in self._drawn:
                continue
            self._drawn.append(earlier)
            drawn = self._desk.draw(earlier)
            if earlier == month:
                yield from drawn
                return
