"""How orders were filled: when each stage of an order's life came, in how many parts, and at which prices."""

from dataclasses import dataclass, replace

import numpy as np

from warehouse.demo.arrays import MINUTE, Floats, Ints, Moments
from warehouse.demo.prices import DailyPrices
from warehouse.demo.quotes import Chains
from warehouse.demo.sessions import Sessions
from warehouse.demo.trading.histories import Life, trades
from warehouse.demo.trading.intents import SLOT_MINUTES, Intents, Role
from warehouse.demo.trading.products import OPTION, Pairs, Products
from warehouse.demo.trading.spot import spot
from warehouse.demo.world import World

PRICE_PLACES = 4  # prices of orders and trades are counted in ten-thousandths


@dataclass(frozen=True)
class Orders:
    """Orders with their times, as columns; `first` is the place of the entry that a bracket's order hangs on."""

    intents: Intents
    product: Ints
    account_id: Ints
    first: Ints
    entered_at: Moments
    filled_from: Moments  # when the first fill came, had there been one
    closes_at: Moments  # of the session
    parts: Ints


@dataclass(frozen=True)
class Fills:
    """Parts of orders as columns, by order and time."""

    order: Ints  # place among the orders
    part: Ints
    at: Moments
    quantity: Ints  # of the product
    left: Ints  # still to be filled after it


@dataclass(frozen=True)
class Traded:
    """What was traded, a leg of a fill each, by fill and leg."""

    fill: Ints
    leg: Ints  # place among the products' legs
    leg_no: Ints
    delta: Ints  # units of the instrument, signed
    before: Ints  # position in it
    price: Ints


def timed(
    rng: np.random.Generator, intents: Intents, found: Products, pairs: Pairs, sessions: Sessions
) -> Orders:
    """When the orders were given and could be filled; everything happens within the slot."""
    total = len(intents.pair)
    opens = sessions.opens_at[intents.column] + intents.slot * SLOT_MINUTES * MINUTE
    entered = opens + _seconds(rng.uniform(1, 120, total))
    wait = np.where(rng.random(total) < 0.4, rng.uniform(0.1, 2, total), rng.uniform(5, 150, total))
    # The order that replaces another is entered when the other is withdrawn.
    replaces = np.concatenate([[False], intents.role[:-1] == Role.REPLACED])
    entered = np.where(
        replaces, np.roll(entered, 1) + _seconds(rng.uniform(30, 200, total)), entered
    )
    filled_from = entered + _seconds(wait)
    # The exits of a bracket are given with its entry, and wait until it is filled.
    place = np.arange(total)
    first = place - np.select([intents.role == Role.EXIT, intents.role == Role.OTHER_EXIT], [1, 2])
    exits = first < place
    filled_from = np.where(intents.role == Role.OTHER_EXIT, np.roll(filled_from, 1), filled_from)
    entered = np.where(exits, entered[first] + _seconds(0.001 * (place - first)), entered)
    product = pairs.product[intents.pair]
    return Orders(
        intents, product, pairs.account_id[intents.pair], first, entered, filled_from,
        sessions.closes_at[intents.column], _parts(rng, intents, found.granule[product]),
    )  # fmt: skip


def _seconds(seconds: Floats) -> "np.ndarray[tuple[int], np.dtype[np.timedelta64]]":
    return np.rint(np.asarray(seconds) * 1e6).astype("timedelta64[us]")


def _parts(rng: np.random.Generator, intents: Intents, granule: Ints) -> Ints:
    """How many fills: none for what did not trade, and no more than there are units."""
    many = np.isin(intents.life, [Life.FILLED_IN_PARTS, Life.CHILD_FILLED_IN_PARTS])
    parts = np.where(many, rng.integers(2, 5, len(many)), 1)
    parts = np.minimum(parts, np.abs(intents.delta) // granule)
    return np.where(trades(intents.life), parts, 0)


def settled_lives(orders: Orders) -> Orders:
    """Orders too small for several fills have had one."""
    whole = {Life.FILLED_IN_PARTS: Life.FILLED, Life.CHILD_FILLED_IN_PARTS: Life.CHILD_FILLED}
    life = orders.intents.life
    for parted, one in whole.items():
        life = np.where((life == parted) & (orders.parts == 1), int(one), life)
    return replace(orders, intents=replace(orders.intents, life=life))


def fills(rng: np.random.Generator, orders: Orders, granule: Ints) -> Fills:
    """The parts of every order, cut at random but whole units."""
    order = np.repeat(np.arange(len(orders.parts)), orders.parts)
    first = np.repeat(np.cumsum(orders.parts) - orders.parts, orders.parts)
    part = np.arange(len(order)) - first
    parts, unit = orders.parts[order], granule[orders.product[order]]
    units = np.abs(orders.intents.delta[order]) // unit
    cut = (part + 1 + rng.uniform(-0.3, 0.3, len(order))) / parts
    # Every part has one unit; the spare ones are cut.
    reached = np.rint((units - parts) * cut).astype(np.int64) + part + 1
    reached = np.where(part == parts - 1, units, reached)
    before = np.where(part == 0, 0, np.roll(reached, 1))
    pauses = np.cumsum(rng.uniform(1, 60, len(order)))
    at = orders.filled_from[order] + _seconds(pauses - pauses[first])
    return Fills(order, part, at, (reached - before) * unit, (units - reached) * unit)


def legs_of(found: Products, product: Ints) -> tuple[Ints, Ints, Ints]:
    """The legs of each of many products: whose they are, their place and their number."""
    count = found.leg_count[product]
    owner = np.repeat(np.arange(len(product)), count)
    nth = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    return owner, found.first_leg[product][owner] + nth, nth + 1


def traded(
    rng: np.random.Generator, orders: Orders, filled: Fills, found: Products, pricing: "Pricing"
) -> Traded:
    """Every leg of every fill, with the position before it and its price."""
    fill, leg, leg_no = legs_of(found, orders.product[filled.order])
    order = filled.order[fill]
    ratio = found.ratio[leg]
    side = np.sign(orders.intents.delta)[order]
    done = np.abs(orders.intents.delta)[order] - filled.left[fill] - filled.quantity[fill]
    price = pricing.at(orders, order, leg, filled.at[fill], rng)
    return Traded(
        fill, leg, leg_no, ratio * side * filled.quantity[fill],
        ratio * (orders.intents.before[order] + side * done), price,
    )  # fmt: skip


@dataclass(frozen=True)
class Pricing:
    """Where the prices of one kind of product come from."""

    kind: int
    world: World
    prices: DailyPrices
    products: Products
    chains: Chains

    def at(
        self,
        orders: Orders,
        order: Ints,
        leg: Ints,
        at: Moments,
        rng: np.random.Generator | None = None,
    ) -> Ints:
        """Prices of legs at moments within their orders' sessions; with chances, a tick better or worse."""
        column = orders.intents.column[order]
        opened = self.prices.sessions.opens_at[column]
        last = self.prices.sessions.minutes[column] - 1
        minute = np.clip((at - opened) // MINUTE, 0, last).astype(np.int64)
        rows = self.products.leg_row[leg]
        found = spot(self.world, self.prices, rows, column, minute)
        tick = rng.integers(-1, 2, len(leg)) if rng else np.zeros(len(leg), np.int64)
        if self.kind == OPTION:
            return self._option(leg, column, found.close, at, tick)
        places = self.products.places[leg]
        ticks: Ints = np.clip(found.close + tick, found.low, found.high)
        price: Ints = ticks * 10 ** (PRICE_PLACES - places)
        return price

    def _option(self, leg: Ints, column: Ints, close: Ints, at: Moments, tick: Ints) -> Ints:
        which = self.products.contract[leg]
        valued, _ = self.chains.valued(which, close / 100, column, at)
        cents = np.rint(valued.price * 100).astype(np.int64) + tick
        price: Ints = np.maximum(cents, 1) * 10 ** (PRICE_PLACES - 2)
        return price
