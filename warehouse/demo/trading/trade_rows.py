"""Trades as rows, with the few that were corrected or busted, and the transactions that settle them."""

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np

from warehouse.demo.arrays import SECOND, Ints, Moments
from warehouse.demo.binary import Fixed, Optional
from warehouse.demo.contracts import MULTIPLIER
from warehouse.demo.people import BROKER
from warehouse.demo.sessions import Sessions
from warehouse.demo.trading.charges import Charges, charges
from warehouse.demo.trading.fills import PRICE_PLACES
from warehouse.demo.trading.order_rows import (
    AUTOMATIC,
    EFFECTS,
    OPENING,
    Filed,
    in_prices,
    in_quantities,
    position_effect,
)
from warehouse.demo.trading.positions import QUANTITY_PLACES
from warehouse.demo.trading.products import COIN, OPTION, STOCK, UNIT
from warehouse.demo.universe import MONEY
from warehouse.models.trading import FeeType, TradeKind, TradeType

NEW, CORRECTION, BUST = range(3)
_KINDS = np.array([TradeKind.NEW, TradeKind.CORRECTION, TradeKind.BUST], "S")
_TYPES = np.array([TradeType.OPENING, TradeType.CLOSING, TradeType.PARTIAL], "S")
_TICK = 100
_AMOUNT_PLACES = PRICE_PLACES + QUANTITY_PLACES


@dataclass(frozen=True)
class Trades:
    """Trades of one kind of product as columns, by time."""

    kind: Ints
    replaces: Ints  # place of the row it replaces, -1 for none
    stands: Ints  # whether it is in force
    order: Ints  # place among the orders, -1 for a print that belongs to none
    account_id: Ints
    leg: Ints
    delta: Ints
    before: Ints
    price: Ints
    at: Moments

    def take(self, which: Ints) -> Self:
        return type(self)(*(getattr(self, field.name)[which] for field in fields(self)))


def trades_of(rng: np.random.Generator, filed: Filed) -> Trades:
    """A trade for each leg of each fill; about one in two thousand is put right afterwards."""
    done, fills = filed.traded, filed.fills
    order, total = fills.order[done.fill], len(done.leg)
    none = np.full(total, -1)
    first = Trades(
        np.full(total, NEW), none, np.ones(total, np.int64), order,
        filed.orders.account_id[order], done.leg, done.delta, done.before, done.price,
        fills.at[done.fill],
    )  # fmt: skip
    if filed.kind != STOCK or total < 2:
        return _by_time(first)
    chosen = rng.permutation(total)[: 2 * max(1, total // 4000)]
    return _by_time(_put_right(first, chosen[::2], chosen[1::2]))


def _put_right(first: Trades, corrected: Ints, doubled: Ints) -> Trades:
    """Some prices are corrected by a cent; some trades are printed twice, and the second print is busted."""
    total = len(first.kind)
    stands = first.stands.copy()
    stands[corrected] = 0
    fixed = _changed(
        first.take(corrected), kind=CORRECTION, replaces=corrected,
        price=first.price[corrected] + _TICK,
    )  # fmt: skip
    later = first.at[doubled] + SECOND
    prints = _changed(first.take(doubled), stands=0, order=-1, at=later)
    place = total + len(corrected) + np.arange(len(doubled))
    busts = _changed(prints, kind=BUST, replaces=place, at=later + 60 * SECOND)
    return _joined([_changed(first, stands=stands), fixed, prints, busts])


def _changed(trades: Trades, **changes: Any) -> Trades:
    total = len(trades.kind)
    values = {field.name: getattr(trades, field.name) for field in fields(trades)}
    return Trades(**{**values, **{n: np.broadcast_to(v, total) for n, v in changes.items()}})


def _joined(parts: list[Trades]) -> Trades:
    return Trades(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Trades)))


def _by_time(trades: Trades) -> Trades:
    order = np.argsort(trades.at, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    moved = np.where(trades.replaces < 0, -1, place[trades.replaces])
    return _changed(trades, replaces=moved).take(order)


@dataclass(frozen=True)
class Booked:
    """Trades with what they cost."""

    filed: Filed
    trades: Trades
    trade_id: Ints
    consideration: Ints  # price × quantity × multiplier, in 10^-8
    charges: Charges
    settled_on: Moments

    @property
    def instrument_id(self) -> Ints:
        return self.filed.products.instrument_id[self.trades.leg]

    @property
    def multiplier(self) -> int:
        return MULTIPLIER if self.filed.kind == OPTION else 1


def booked(filed: Filed, trades: Trades, first_id: int, stock_days: Sessions) -> Booked:
    quantity = np.abs(trades.delta)
    multiplier = MULTIPLIER if filed.kind == OPTION else 1
    consideration = quantity * trades.price * multiplier
    paid = charges(filed.kind, trades.account_id, trades.delta < 0, quantity, consideration)
    day = trades.at.astype("datetime64[D]")
    if filed.kind != COIN:
        day = stock_days.day[np.searchsorted(stock_days.day, day, side="right")]
    ids = first_id + np.arange(len(trades.leg))
    return Booked(filed, trades, ids, consideration, paid, day)


def trade_rows(one: Booked) -> dict[str, Any]:
    filed, trades = one.filed, one.trades
    effect = position_effect(trades.delta, trades.before)
    after = trades.before + trades.delta
    told = np.where(effect == OPENING, 0, np.where(after == 0, 1, 2))
    replaces, has_order = trades.replaces >= 0, trades.order >= 0
    return {
        "account_id": trades.account_id,
        "executed_at": trades.at,
        "trade_id": one.trade_id,
        "kind": _KINDS[trades.kind],
        "replaces_executed_at": Optional(trades.at[trades.replaces], replaces),
        "replaces_trade_id": Optional(one.trade_id[trades.replaces], replaces),
        "order_id": Optional(filed.order_id[trades.order], has_order),
        "instrument_id": one.instrument_id,
        "strategy_id": Optional(
            filed.products.strategy_id[filed.orders.product[trades.order]], has_order
        ),
        "side": np.where(trades.delta > 0, b"buy", b"sell").astype("S"),
        "position_effect": EFFECTS[np.where(has_order, effect, AUTOMATIC)],
        "trade_type": Optional(_TYPES[told], has_order & (effect != AUTOMATIC)),
        "quantity": in_quantities(filed, np.abs(trades.delta)),
        "price": in_prices(trades.price),
        "commission": Fixed(one.charges.commission, 2),
        "fees": Fixed(one.charges.fees, 2),
        "settlement_date": one.settled_on,
        "source_id": BROKER,
    }


def external_id_rows(
    kind: str, prefix: str, account_id: Ints, at: Moments, target_id: Ints
) -> dict[str, Any]:
    """The broker's own numbers of trades, transactions and cash flows."""
    return {
        "account_id": account_id,
        "source_id": BROKER,
        "kind": kind,
        "external_id": np.char.add(prefix.encode(), (70_000_000_000 + target_id).astype("S")),
        "occurred_at": at,
        "target_id": target_id,
    }


# -- transactions ----------------------------------------------------------------------------------


def settling(one: Booked) -> Ints:
    """Places of the trades that have a transaction: all but busts, which undo a print that never settled."""
    return np.flatnonzero(one.trades.kind != BUST)


def transaction_rows(one: Booked, first_id: int) -> dict[str, Any]:
    which = settling(one)
    trades = one.trades.take(which)
    paid = (one.charges.commission + one.charges.fees)[which] * 10 ** (_AMOUNT_PLACES - 2)
    short = (trades.delta < 0) & (trades.before <= 0) & (one.filed.kind == STOCK)
    items, product = one.filed.products.items, one.filed.orders.product
    corrects = trades.kind == CORRECTION
    return {
        "account_id": trades.account_id,
        "transaction_at": trades.at,
        "transaction_id": first_id + np.arange(len(which)),
        "trade_date": trades.at.astype("datetime64[D]"),
        "settlement_date": one.settled_on[which],
        "transaction_type": "trade",
        "activity_type": np.where(corrects, b"activity_correction", b"execution").astype("S"),
        "status": np.where(trades.stands == 1, b"valid", b"invalid").astype("S"),
        "sub_account": np.where(short, b"short", b"cash").astype("S"),
        "net_amount": _amount(-np.sign(trades.delta) * one.consideration[which] - paid),
        "currency": np.array([item.currency for item in items], "S")[product[trades.order]],
        "order_id": Optional(one.filed.order_id[trades.order], trades.order >= 0),
        "trade_executed_at": trades.at,
        "trade_id": one.trade_id[which],
        "source_id": BROKER,
    }


def _amount(units: Ints) -> Fixed:
    """Money with as many decimals as it has, two at least."""
    scale = np.full(len(units), _AMOUNT_PLACES)
    for places in range(_AMOUNT_PLACES - 1, 1, -1):
        scale = np.where(units % 10 ** (_AMOUNT_PLACES - places), scale, places)
    return Fixed(units, _AMOUNT_PLACES, scale)


def item_rows(one: Booked, first_id: int) -> dict[str, Any]:
    """What was bought or sold, then each charge that is not zero, by transaction."""
    which = settling(one)
    trades = one.trades.take(which)
    parts = [_bought(one, which, trades)]
    paid = one.charges
    for fee, cents in (
        (FeeType.COMMISSION, paid.commission), (FeeType.SEC_FEE, paid.sec),
        (FeeType.TAF_FEE, paid.taf), (FeeType.OPT_REG_FEE, paid.regulatory),
    ):  # fmt: skip
        parts.append(_charged(one, trades, fee, cents[which]))
    joined = _stacked(parts)
    order = np.lexsort((joined["rank"], joined["place"]))
    place = joined["place"][order]
    number = np.arange(len(place)) - np.searchsorted(place, place) + 1
    return _items(trades, joined, order, place, number, first_id)


def _bought(one: Booked, which: Ints, trades: Trades) -> dict[str, Any]:
    effect = position_effect(trades.delta, trades.before)
    return {
        "place": np.arange(len(which)),
        "rank": np.zeros(len(which), np.int64),
        "instrument_id": one.filed.products.instrument_id[trades.leg],
        "amount": trades.delta,
        "cost": -np.sign(trades.delta) * one.consideration[which],
        "price": trades.price,
        "effect": np.where(trades.order >= 0, effect, AUTOMATIC),
        "fee": np.full(len(which), b"", "S20"),
    }


def _charged(one: Booked, trades: Trades, fee: FeeType, cents: Ints) -> dict[str, Any]:
    place = np.flatnonzero(cents)
    items, product = one.filed.products.items, one.filed.orders.product
    money = np.array([MONEY[item.currency] for item in items])
    cents = cents[place]
    return {
        "place": place,
        "rank": np.ones(len(place), np.int64),
        "instrument_id": money[product[trades.order[place]]],
        "amount": cents * UNIT // 100,
        "cost": -cents * 10 ** (_AMOUNT_PLACES - 2),
        "price": np.zeros(len(place), np.int64),
        "effect": np.full(len(place), OPENING),
        "fee": np.full(len(place), fee.encode(), "S20"),
    }


def _stacked(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _items(
    trades: Trades, joined: dict[str, Any], order: Ints, place: Ints, number: Ints, first_id: int
) -> dict[str, Any]:
    is_fee = joined["fee"][order] != b""
    amount = joined["amount"][order]
    whole = np.where(is_fee, 2, np.where(amount % UNIT, QUANTITY_PLACES, 0))
    return {
        "account_id": trades.account_id[place],
        "transaction_at": trades.at[place],
        "transaction_id": first_id + place,
        "item_no": number,
        "instrument_id": joined["instrument_id"][order],
        "amount": Fixed(amount, QUANTITY_PLACES, whole),
        "cost": _amount(joined["cost"][order]),
        "price": Optional(in_prices(joined["price"][order]), ~is_fee),
        "position_effect": Optional(EFFECTS[joined["effect"][order]], ~is_fee),
        "fee_type": Optional(joined["fee"][order], is_fee),
    }
