"""The terms that orders were given on: order type, limit and stop, fitting to how they ended."""

from dataclasses import dataclass

import numpy as np

from warehouse.demo.arrays import Floats, Ints, Mask, Texts
from warehouse.demo.trading.fills import Fills, Orders, Pricing, Traded, legs_of
from warehouse.demo.trading.histories import Life, trades
from warehouse.demo.trading.intents import Role
from warehouse.demo.trading.products import OPTION
from warehouse.models.trading import OrderType

TICK = 100  # a cent, in ten-thousandths
_TYPES = (
    OrderType.MARKET, OrderType.LIMIT, OrderType.STOP, OrderType.STOP_LIMIT,
    OrderType.TRAILING_STOP, OrderType.NET_DEBIT, OrderType.NET_CREDIT,
)  # fmt: skip
MARKET, LIMIT, STOP, STOP_LIMIT, TRAILING_STOP, NET_DEBIT, NET_CREDIT = range(len(_TYPES))
_NAMES = np.array(_TYPES, "S")
# How often a single order is of each of the first five types.
_SHARES = np.cumsum([0.35, 0.5, 0.06, 0.05])


@dataclass(frozen=True)
class Terms:
    """By order; a price is given where the type has one."""

    kind: Ints  # place in _TYPES
    price: Ints
    stop: Ints
    duration: Texts

    @property
    def order_type(self) -> Texts:
        return _NAMES[self.kind]

    @property
    def has_price(self) -> Mask:
        has_none: Mask = np.isin(self.kind, [MARKET, STOP, TRAILING_STOP])
        return ~has_none

    @property
    def has_stop(self) -> Mask:
        has_one: Mask = np.isin(self.kind, [STOP, STOP_LIMIT, TRAILING_STOP])
        return has_one

    @property
    def trails(self) -> Mask:
        does: Mask = self.kind == TRAILING_STOP
        return does


def terms(
    rng: np.random.Generator, orders: Orders, filled: Fills, done: Traded, pricing: Pricing
) -> Terms:
    """Limits that the fills kept to; what did not trade had asked for too much."""
    side = np.sign(orders.intents.delta)
    seen = _seen(orders, pricing)
    has_traded = trades(orders.intents.life)
    far = np.maximum(np.abs(seen) * rng.uniform(0.005, 0.03, len(seen)) // TICK, 1) * TICK
    far = far.astype(np.int64)
    slack = rng.integers(0, 4, len(seen)) * TICK
    limit = np.where(
        has_traded, _worst(orders, filled, done, pricing) + side * slack, seen - side * far
    )
    kind = _kinds(rng, orders, seen, side, pricing)
    other = orders.intents.role == Role.OTHER_EXIT
    entry = seen[orders.first]
    # The exit that was not taken lies on the other side of the entry.
    limit = np.where(other & (kind == LIMIT), entry - side * far, limit)
    stop = np.where(other, entry + side * far, seen)
    if pricing.kind != OPTION:
        limit, stop = np.maximum(limit, TICK), np.maximum(stop, TICK)
    is_net = (kind == NET_DEBIT) | (kind == NET_CREDIT)
    return Terms(kind, np.where(is_net, np.abs(limit), limit), stop, _durations(rng, orders, kind))


def _seen(orders: Orders, pricing: Pricing) -> Ints:
    """What a unit of the product cost when the order could first be filled."""
    order, leg, _ = legs_of(pricing.products, orders.product)
    price = pricing.at(orders, order, leg, orders.filled_from[order])
    return _net(pricing, leg, price, order, len(orders.product))


def _net(pricing: Pricing, leg: Ints, price: Ints, owner: Ints, total: int) -> Ints:
    ratio = pricing.products.ratio[leg]
    net = np.zeros(total, np.int64)
    np.add.at(net, owner, ratio * price)
    return net


def _worst(orders: Orders, filled: Fills, done: Traded, pricing: Pricing) -> Ints:
    """The highest price that a buyer paid over an order's fills, the lowest that a seller got."""
    net = _net(pricing, done.leg, done.price, done.fill, len(filled.order))
    side = np.sign(orders.intents.delta)
    worst = np.full(len(side), np.iinfo(np.int64).min)
    np.maximum.at(worst, filled.order, net * side[filled.order])
    return np.where(orders.parts > 0, worst * side, 0)


def _kinds(
    rng: np.random.Generator, orders: Orders, seen: Ints, side: Ints, pricing: Pricing
) -> Ints:
    role, life = orders.intents.role, orders.intents.life
    kind = np.searchsorted(_SHARES, rng.random(len(role)))
    waits = ~trades(life) & (life != Life.REJECTED)
    kind = np.where(waits | (role == Role.ENTRY), LIMIT, kind)
    # A better price than the entry's was a limit's doing, a worse one a stop's.
    gained = (seen - seen[orders.first]) * side < 0
    kind = np.where(role == Role.EXIT, np.where(gained, LIMIT, STOP), kind)
    kind = np.where(role == Role.OTHER_EXIT, np.where(np.roll(gained, 1), STOP, LIMIT), kind)
    if pricing.kind != OPTION:
        return kind
    spread = pricing.products.leg_count[orders.product] > 1
    return np.where(spread, np.where(seen * side > 0, NET_DEBIT, NET_CREDIT), LIMIT)


def _durations(rng: np.random.Generator, orders: Orders, kind: Ints) -> Texts:
    chance: Floats = rng.random(len(kind))
    waits = (orders.intents.life == Life.STILL_WORKING) | (chance < 0.12)
    at_once = (kind == MARKET) & (chance > 0.97)
    return np.where(waits, b"gtc", np.where(at_once, b"ioc", b"day")).astype("S")
