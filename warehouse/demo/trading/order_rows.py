"""Orders as rows: the order, its legs, what happened to it, and its fills."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from warehouse.demo.arrays import SECOND, Ints, Mask, Moments, Texts
from warehouse.demo.binary import Fixed, Optional
from warehouse.demo.people import BROKER
from warehouse.demo.trading.fills import PRICE_PLACES, Fills, Orders, Traded, legs_of
from warehouse.demo.trading.histories import Life, reason, status, trades
from warehouse.demo.trading.intents import Role
from warehouse.demo.trading.positions import QUANTITY_PLACES
from warehouse.demo.trading.products import COIN, OPTION, STOCK, Products
from warehouse.demo.trading.terms import Terms
from warehouse.models.trading import Instruction, PositionEffect

_WORDS = np.array(
    [Instruction.BUY_TO_COVER, Instruction.SELL_SHORT, Instruction.BUY, Instruction.SELL], "S"
)
_OPTION_WORDS = np.array(
    [
        [Instruction.SELL_TO_OPEN, Instruction.SELL_TO_CLOSE],
        [Instruction.BUY_TO_OPEN, Instruction.BUY_TO_CLOSE],
    ],
    "S",
)
OPENING, CLOSING, AUTOMATIC = range(3)
EFFECTS = np.array([PositionEffect.OPENING, PositionEffect.CLOSING, PositionEffect.AUTOMATIC], "S")


@dataclass(frozen=True)
class Numbers:
    """The next free keys of a month's rows."""

    order: int = 1
    activity: int = 1
    trade: int = 1
    transaction: int = 1
    cash_flow: int = 1
    signal: int = 1


@dataclass(frozen=True)
class Filed:
    """A month's orders of one kind with their keys and everything that came of them."""

    kind: int
    orders: Orders
    order_id: Ints
    extra: Ints  # ordered beyond what was filled, where the rest was cancelled
    fills: Fills
    traded: Traded
    terms: Terms
    products: Products

    @property
    def quantity(self) -> Ints:
        return np.abs(self.orders.intents.delta) + self.extra

    @property
    def filled(self) -> Ints:
        done = trades(self.orders.intents.life)
        return np.where(done, np.abs(self.orders.intents.delta), 0)

    @property
    def last_fill(self) -> Moments:
        """When the order's filling ended, or would have begun."""
        last = self.orders.filled_from.copy()
        last[self.fills.order] = self.fills.at  # of an order's fills the last one stays
        return last


def in_quantities(filed: Filed, units: Ints) -> Fixed:
    """Quantities as they are written: whole shares and contracts, coins with four decimals."""
    scale = QUANTITY_PLACES if filed.kind == COIN else 0
    return Fixed(units, QUANTITY_PLACES, np.full(len(units), scale))


def in_prices(units: Ints) -> Fixed:
    """Prices in cents, with four decimals only where they have them."""
    return Fixed(units, PRICE_PLACES, np.where(units % 100, PRICE_PLACES, 2))


# -- orders ----------------------------------------------------------------------------------------


def order_rows(filed: Filed) -> dict[str, Any]:
    orders, life, terms = filed.orders, filed.orders.intents.life, filed.terms
    product, role = orders.product, orders.intents.role
    working = life == Life.STILL_WORKING
    single = filed.products.leg_count[product] == 1
    leg = filed.products.first_leg[product]
    closed = closed_at(filed)
    cancelled = np.isin(life, [Life.CANCELLED, Life.PARTLY_CANCELLED, Life.CHILD_CANCELLED])
    told = reason(life)
    return {
        "account_id": orders.account_id,
        "order_id": filed.order_id,
        "source_id": BROKER,
        "external_id": (1_000_000_000 + filed.order_id).astype("S"),
        "parent_order_id": Optional(
            filed.order_id[orders.first], orders.first < np.arange(len(role))
        ),
        "instrument_id": Optional(filed.products.instrument_id[leg], single),
        "strategy_id": filed.products.strategy_id[product],
        "session_id": np.char.add(b"run-", orders.entered_at.astype("M8[D]").astype("S10")),
        "session": "seamless" if filed.kind == COIN else "normal",
        "duration": terms.duration,
        "order_type": terms.order_type,
        "strategy_type": np.array(["single", "trigger", "oco", "oco", "single"], "S")[role],
        "complex_strategy": np.array([one.shape for one in filed.products.items], "S")[product],
        "side": Optional(np.where(orders.intents.delta > 0, b"buy", b"sell").astype("S"), single),
        "quantity": in_quantities(filed, filed.quantity),
        "filled_quantity": in_quantities(filed, filed.filled),
        "remaining_quantity": in_quantities(filed, np.where(working, filed.quantity, 0)),
        "price": Optional(in_prices(terms.price), terms.has_price),
        "stop_price": Optional(in_prices(terms.stop), terms.has_stop),
        "stop_price_link_basis": Optional("mark", terms.trails),
        "stop_price_link_type": Optional("percent", terms.trails),
        "stop_price_offset": Optional(2, terms.trails),
        "requested_destination": "auto",
        "tag": np.where(orders.account_id % 4 == 0, b"desk", b"program").astype("S"),
        "status": status(life),
        "status_description": Optional(told, told != b""),
        "entered_at": orders.entered_at,
        "released_at": Optional(released_at(filed), life != Life.REJECTED),
        "closed_at": Optional(closed, ~working),
        "cancelled_at": Optional(closed, cancelled),
        "cancelable": working,
        "editable": working,
    }


def released_at(filed: Filed) -> Moments:
    """Soon after it was entered; the exits of a bracket when its entry was filled."""
    orders = filed.orders
    waits = orders.first < np.arange(len(orders.first))
    return np.where(waits, filed.last_fill[orders.first], orders.entered_at + SECOND // 20)


def closed_at(filed: Filed) -> Moments:
    """When each order's life ended; for one that still works, when it would."""
    orders, life = filed.orders, filed.orders.intents.life
    closed = filed.last_fill
    late = life == Life.PARTLY_CANCELLED
    closed = np.where(late, closed + 40 * SECOND, closed)
    closed = np.where(life == Life.REJECTED, orders.entered_at + SECOND // 5, closed)
    closed = np.where(life == Life.EXPIRED, orders.closes_at, closed)
    # An order is replaced by the one after it, and an exit cancelled by the one before it.
    closed = np.where(life == Life.REPLACED, np.roll(orders.entered_at, -1), closed)
    other = orders.intents.role == Role.OTHER_EXIT
    return np.where(other, np.roll(filed.last_fill, 1), closed)


# -- legs ------------------------------------------------------------------------------------------


def leg_rows(filed: Filed) -> dict[str, Any]:
    orders = filed.orders
    order, leg, number = legs_of(filed.products, orders.product)
    legs = filed.products.legs
    ratio = filed.products.ratio[leg]
    delta, before = ratio * orders.intents.delta[order], ratio * orders.intents.before[order]
    effect = position_effect(delta, before)
    return {
        "account_id": orders.account_id[order],
        "order_id": filed.order_id[order],
        "leg_no": number,
        "leg_type": np.array([one.leg_type for one in legs], "S")[leg],
        "instruction": _instruction(filed.kind, delta, before, effect),
        "position_effect": EFFECTS[effect],
        "quantity": in_quantities(filed, np.abs(ratio) * filed.quantity[order]),
        "instrument_id": filed.products.instrument_id[leg],
    }


def position_effect(delta: Ints, before: Ints) -> Ints:
    """Places in EFFECTS; what goes through zero both closes and opens."""
    grows = delta * np.sign(before) >= 0
    return np.where(grows, OPENING, np.where(np.abs(delta) <= np.abs(before), CLOSING, AUTOMATIC))


def _instruction(kind: int, delta: Ints, before: Ints, effect: Ints) -> Texts:
    buys, closes = delta > 0, effect != OPENING
    if kind == OPTION:
        words: Texts = _OPTION_WORDS[buys.astype(int), closes.astype(int)]
        return words
    covers: Mask = buys & (effect == CLOSING) & (kind == STOCK)
    shorts: Mask = ~buys & (before <= 0) & (kind == STOCK)
    place: Ints = np.select([covers, shorts, buys], [0, 1, 2], 3)
    return _WORDS[place]


# -- activities ------------------------------------------------------------------------------------


def activity_rows(filed: Filed, first_id: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Executions with their legs; then cancels and replaces, which have none."""
    fills, orders = filed.fills, filed.orders
    left = fills.left + filed.extra[fills.order]
    executions = {
        "account_id": orders.account_id[fills.order],
        "order_id": filed.order_id[fills.order],
        "activity_id": first_id + np.arange(len(fills.order)),
        "activity_type": "execution",
        "execution_type": np.where(left > 0, b"partial_fill", b"fill").astype("S"),
        "quantity": in_quantities(filed, fills.quantity),
        "remaining_quantity": in_quantities(filed, left),
        "activity_at": fills.at,
    }
    life = orders.intents.life
    gone = np.flatnonzero(
        np.isin(life, [Life.CANCELLED, Life.PARTLY_CANCELLED, Life.CHILD_CANCELLED, Life.REPLACED])
    )
    withdrawals = {
        "account_id": orders.account_id[gone],
        "order_id": filed.order_id[gone],
        "activity_id": first_id + len(fills.order) + np.arange(len(gone)),
        "activity_type": np.where(life[gone] == Life.REPLACED, b"replace", b"cancel").astype("S"),
        "quantity": in_quantities(filed, (filed.quantity - filed.filled)[gone]),
        "remaining_quantity": in_quantities(filed, np.zeros(len(gone), np.int64)),
        "activity_at": closed_at(filed)[gone],
    }
    return executions, withdrawals


def execution_leg_rows(filed: Filed, first_id: int) -> dict[str, Any]:
    done, fills = filed.traded, filed.fills
    order = fills.order[done.fill]
    return {
        "account_id": filed.orders.account_id[order],
        "order_id": filed.order_id[order],
        "activity_id": first_id + done.fill,
        "execution_no": done.leg_no,
        "leg_no": done.leg_no,
        "price": in_prices(done.price),
        "quantity": in_quantities(filed, np.abs(done.delta)),
        "executed_at": fills.at[done.fill],
    }
