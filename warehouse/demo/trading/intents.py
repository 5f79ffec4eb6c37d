"""What the strategies want: a month's orders with the position each moves an account from and to.

A pair of account and product wants one position after another; an order is the step between two.
So shorts, covers and flips through zero come about by themselves, and no position needs simulating.
"""

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Self

import numpy as np

from warehouse.demo import people
from warehouse.demo.arrays import Ints, Mask
from warehouse.demo.sessions import Sessions
from warehouse.demo.trading.histories import Life, trades
from warehouse.demo.trading.products import OPTION, Pairs, Products

SLOT_MINUTES = 15  # an order is over before the pair's next slot begins


class Role(IntEnum):
    """What an order is to its neighbours."""

    SINGLE = 0
    ENTRY = 1  # of a bracket: the two exits hang on it
    EXIT = 2
    OTHER_EXIT = 3  # cancelled by the exit
    REPLACED = 4  # by the order after it


@dataclass(frozen=True)
class Intents:
    """Orders of one kind of product as columns, by pair and time."""

    pair: Ints
    column: Ints  # session
    slot: Ints
    role: Ints
    life: Ints
    before: Ints  # the pair's position when the order is given
    wanted: Ints  # the one it asks for

    def take(self, which: Ints | Mask) -> Self:
        return type(self)(*(getattr(self, field.name)[which] for field in fields(self)))

    @property
    def delta(self) -> Ints:
        return self.wanted - self.before


@dataclass(frozen=True)
class Demand:
    """How many orders of one kind are wanted, and on which sessions."""

    kind: int
    count: int
    columns: Ints
    sessions: Sessions


def draw_intents(
    rng: np.random.Generator, demand: Demand, found: Products, pairs: Pairs, held: Ints
) -> Intents:
    """The orders of a demand; `held` has every pair's position before them."""
    pair, column, slot = _drawn_slots(rng, demand, found, pairs)
    is_bracket = found.strategy_id[pairs.product[pair]] == people.BRACKET
    is_amended = ~is_bracket & (rng.random(len(pair)) < 0.03)
    copies = np.where(is_bracket, 3, np.where(is_amended, 2, 1))
    source = np.repeat(np.arange(len(pair)), copies)
    nth = np.arange(len(source)) - np.repeat(np.cumsum(copies) - copies, copies)
    role = np.where(
        is_bracket[source],
        nth + 1,
        np.where(is_amended[source] & (nth == 0), int(Role.REPLACED), int(Role.SINGLE)),
    )
    half = demand.sessions.minutes[column[source]] // SLOT_MINUTES // 2
    slot = np.where(
        is_bracket[source], slot[source] % half + np.where(nth > 0, half, 0), slot[source]
    )
    life = _lives(rng, role, column[source], demand)
    wanted = _wishes(rng, pair[source], role, demand.kind, found, pairs)
    return _chained(Intents(pair[source], column[source], slot, role, life, wanted, wanted), held)


def _drawn_slots(
    rng: np.random.Generator, demand: Demand, found: Products, pairs: Pairs
) -> tuple[Ints, Ints, Ints]:
    """Times without collisions: a pair has one order a slot, and one bracket a session."""
    pair = rng.choice(pairs.of_kind(found, demand.kind), demand.count)
    column = rng.choice(demand.columns, demand.count)
    slots = demand.sessions.minutes[column] // SLOT_MINUTES
    slot = (rng.random(demand.count) * slots).astype(np.int64)
    is_bracket = found.strategy_id[pairs.product[pair]] == people.BRACKET
    session = pair * len(demand.sessions) + column
    key = session * demand.sessions.minutes.max() + np.where(is_bracket, 0, slot)
    _, first = np.unique(key, return_index=True)
    return pair[first], column[first], slot[first]


def _lives(rng: np.random.Generator, role: Ints, column: Ints, demand: Demand) -> Ints:
    fate = rng.random(len(role))
    bounds = np.array([0.68, 0.86, 0.89, 0.95, 0.97])
    ends = np.array(
        [
            Life.FILLED, Life.FILLED_IN_PARTS, Life.PARTLY_CANCELLED,
            Life.CANCELLED, Life.REJECTED, Life.EXPIRED,
        ]
    )  # fmt: skip
    life = ends[np.searchsorted(bounds, fate)]
    # What would have expired on the last day of all is still open.
    last = column == len(demand.sessions) - 1
    life = np.where((life == Life.EXPIRED) & last, int(Life.STILL_WORKING), life)
    parts = fate > 0.7
    for one, whole, parted in (
        (Role.ENTRY, Life.FILLED, Life.FILLED_IN_PARTS),
        (Role.EXIT, Life.CHILD_FILLED, Life.CHILD_FILLED_IN_PARTS),
    ):
        life = np.where(role == one, np.where(parts, int(parted), int(whole)), life)
    life = np.where(role == Role.OTHER_EXIT, int(Life.CHILD_CANCELLED), life)
    return np.where(role == Role.REPLACED, int(Life.REPLACED), life)


def _wishes(
    rng: np.random.Generator, pair: Ints, role: Ints, kind: int, found: Products, pairs: Pairs
) -> Ints:
    """Positions: some lots long or short and a few units more, or flat."""
    product = pairs.product[pair]
    lot, granule = found.lot[product], found.granule[product]
    lots = rng.integers(0, 5, len(pair))
    short = pairs.may_short[pair] & (rng.random(len(pair)) < 0.3)
    short &= found.strategy_id[product] != people.BUY_AND_HOLD
    more = (rng.random(len(pair)) * lot / granule / 3).astype(np.int64) * granule
    size = np.where(lots > 0, lots * lot + (0 if kind == OPTION else more), 0)
    wanted = np.where(short, -size, size)
    wanted = np.where(role == Role.ENTRY, lot + more, wanted)
    return np.where((role == Role.EXIT) | (role == Role.OTHER_EXIT), 0, wanted)


def _chained(found: Intents, held: Ints) -> Intents:
    """Each order begins where the pair's last order that traded has ended."""
    order = np.arange(len(found.pair))
    # Exits of a bracket and an order replaced ask for what the order beside them asks for.
    twin = np.where(found.role == Role.REPLACED, order + 1, order)
    wanted = found.wanted[twin]
    moved = np.where(trades(found.life), order, -1)
    newest = np.maximum.accumulate(np.concatenate([[-1], moved[:-1]]))
    start = np.searchsorted(found.pair, found.pair)
    before = np.where(newest >= start, wanted[np.maximum(newest, 0)], held[found.pair])
    before = np.where(found.role == Role.OTHER_EXIT, np.roll(before, 1), before)
    chained = Intents(found.pair, found.column, found.slot, found.role, found.life, before, wanted)
    return chained.take(chained.delta != 0)


def end_positions(found: Intents, held: Ints) -> Ints:
    """What every pair holds after the orders."""
    moved = found.take(trades(found.life))
    after = held.copy()
    after[moved.pair] = moved.wanted  # of a pair's orders the last one stays
    return after
