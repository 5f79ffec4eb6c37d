"""A month of trading at a time: everything the accounts did in it, and the positions it left."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from warehouse.demo.arrays import Ints
from warehouse.demo.binary import count
from warehouse.demo.chunks import Chunk, chunk
from warehouse.demo.prices import DailyPrices
from warehouse.demo.quotes import Chains
from warehouse.demo.seeds import stream
from warehouse.demo.sessions import STOCKS
from warehouse.demo.trading import cash
from warehouse.demo.trading.fills import Pricing, fills, settled_lives, timed, traded
from warehouse.demo.trading.histories import Life
from warehouse.demo.trading.intents import Demand, Intents, draw_intents, end_positions
from warehouse.demo.trading.order_rows import (
    Filed,
    Numbers,
    activity_rows,
    execution_leg_rows,
    leg_rows,
    order_rows,
)
from warehouse.demo.trading.positions import Book, position_rows
from warehouse.demo.trading.products import COIN, OPTION, STOCK, pairs, products
from warehouse.demo.trading.signals import signal_rows
from warehouse.demo.trading.terms import terms
from warehouse.demo.trading.trade_rows import (
    Booked,
    booked,
    external_id_rows,
    item_rows,
    trade_rows,
    trades_of,
    transaction_rows,
)
from warehouse.demo.world import CALENDAR_AHEAD, World
from warehouse.models.portfolio import CashFlow
from warehouse.models.trading import (
    ExecutionLeg,
    ExternalId,
    Order,
    OrderActivity,
    OrderLeg,
    Position,
    Signal,
    Trade,
    Transaction,
    TransactionItem,
)

_COIN_SHARE = 0.12
_OPTION_SHARE = 0.15  # of a session's other orders, on the last sessions
_OPTION_SESSIONS = 25


class Desk:
    """Draws the months in turn, for each begins with the positions that the last one left."""

    def __init__(self, found: Chains) -> None:
        self._world = world = found.world
        self._chains = found
        self._extended = world.open_days(STOCKS, world.start, world.until + CALENDAR_AHEAD)
        self._products = products(world, found.contracts)
        self._pairs = pairs(world, self._products)
        self._held = np.zeros(len(self._pairs.product), np.int64)
        self._numbers = Numbers()
        self._book = Book()

    def draw(self, month: np.datetime64) -> list[Chunk]:
        """What a month adds, and the positions that it opens and changes."""
        held = {key: one.quantity for key, one in self._book.positions.items()}
        chunks: list[Chunk] = []
        traded_now: list[Booked] = []
        for demand in demands(self._world, month):
            filed = self._filed(month, demand)
            if filed:
                chunks += self._order_chunks(filed)
                chunks += self._trade_chunks(month, filed, traded_now)
        chunks += self._cash_chunks(month, held, traded_now)
        opened, changed = self._book.book(_in_order(traded_now), set(held))
        chunks.append(chunk(Position, position_rows(self._book, opened)))
        chunks.append(chunk(Position, position_rows(self._book, changed), replaces=True))
        return chunks

    def _filed(self, month: np.datetime64, demand: Demand) -> Filed | None:
        """The orders of one kind of product, filled."""
        if not demand.count or not len(self._pairs.of_kind(self._products, demand.kind)):
            return None
        rng = stream(self._world.seed, "orders", int(month.astype(int)), demand.kind)
        intents = draw_intents(rng, demand, self._products, self._pairs, self._held)
        self._held = end_positions(intents, self._held)
        orders = settled_lives(timed(rng, intents, self._products, self._pairs, demand.sessions))
        granule = self._products.granule
        filled = fills(rng, orders, granule)
        pricing = Pricing(
            demand.kind,
            self._world,
            _prices(self._world, demand.kind),
            self._products,
            self._chains,
        )
        done = traded(rng, orders, filled, self._products, pricing)
        given = terms(rng, orders, filled, done, pricing)
        extra = _extra(rng, intents, granule[orders.product])
        order_id = self._numbers.order + np.argsort(np.argsort(orders.entered_at, kind="stable"))
        self._advance(order=len(order_id))
        return Filed(demand.kind, orders, order_id, extra, filled, done, given, self._products)

    def _order_chunks(self, filed: Filed) -> Iterator[Chunk]:
        first = self._numbers.activity
        executions, withdrawals = activity_rows(filed, first)
        self._advance(activity=count(executions) + count(withdrawals))
        yield chunk(Order, order_rows(filed))
        yield chunk(OrderLeg, leg_rows(filed))
        yield chunk(OrderActivity, executions)
        yield chunk(OrderActivity, withdrawals)
        yield chunk(ExecutionLeg, execution_leg_rows(filed, first))

    def _trade_chunks(
        self, month: np.datetime64, filed: Filed, traded_now: list[Booked]
    ) -> Iterator[Chunk]:
        rng = stream(self._world.seed, "trades", int(month.astype(int)), filed.kind)
        one = booked(filed, trades_of(rng, filed), self._numbers.trade, self._extended)
        traded_now.append(one)
        rows, first = trade_rows(one), self._numbers.transaction
        settled = transaction_rows(one, first)
        signals = signal_rows(rng, filed, self._numbers.signal)
        self._advance(trade=count(rows), transaction=count(settled), signal=count(signals))
        yield chunk(Trade, rows)
        yield chunk(ExternalId, _ids("trade", rows, "executed_at", "trade_id"))
        yield chunk(Transaction, settled)
        yield chunk(ExternalId, _ids("transaction", settled, "transaction_at", "transaction_id"))
        yield chunk(TransactionItem, item_rows(one, first))
        yield chunk(Signal, signals)

    def _cash_chunks(
        self, month: np.datetime64, held: dict[tuple[int, int], int], traded_now: list[Booked]
    ) -> Iterator[Chunk]:
        sessions = self._world.sessions.window(month, month + 1)
        flows = cash.flows(self._world, month, sessions)
        income = list(cash.dividends(self._world, sessions, held, [_moves(b) for b in traded_now]))
        income += cash.interest(self._world, month, sessions)
        first, first_flow = self._numbers.transaction, self._numbers.cash_flow
        rows = cash.transaction_rows(flows, income, first_flow, first)
        self._advance(transaction=count(rows), cash_flow=len(flows))
        if flows:
            yield chunk(CashFlow, cash.flow_rows(flows, first_flow))
        yield chunk(Transaction, rows)
        yield chunk(ExternalId, _ids("transaction", rows, "transaction_at", "transaction_id"))
        yield chunk(TransactionItem, cash.item_rows(flows, income, first))

    def _advance(self, **counts: int) -> None:
        self._numbers = replace(
            self._numbers,
            **{name: getattr(self._numbers, name) + n for name, n in counts.items()},
        )


def months(world: World) -> list[np.datetime64]:
    """The calendar months that the data touches."""
    return list(np.unique(world.sessions.day.astype("datetime64[M]")))


def demands(world: World, month: np.datetime64) -> Iterator[Demand]:
    """How many orders a month sees, spread evenly over its days."""
    total = world.scale.orders
    for kind, wanted in ((STOCK, (1 - _COIN_SHARE) * total), (COIN, _COIN_SHARE * total)):
        yield _spread(world, month, kind, wanted)
    rate = _OPTION_SHARE * total / len(world.sessions)
    late = max(0, len(world.sessions) - _OPTION_SESSIONS)
    stocks = _spread(world, month, STOCK, total)
    columns = stocks.columns[stocks.columns >= late]
    yield Demand(OPTION, int(rate * len(columns)), columns, stocks.sessions)


def _spread(world: World, month: np.datetime64, kind: int, wanted: float) -> Demand:
    sessions = world.coin_sessions if kind == COIN else world.sessions
    low, high = np.searchsorted(sessions.day, [month, month + 1])
    due = [int(wanted * end / len(sessions)) for end in (low, high)]
    return Demand(kind, due[1] - due[0], np.arange(low, high), sessions)


def _prices(world: World, kind: int) -> DailyPrices:
    return world.coins if kind == COIN else world.stocks


def _extra(rng: np.random.Generator, intents: Intents, granule: Ints) -> Ints:
    """What was ordered beyond the fills, where the rest was cancelled."""
    units = (np.abs(intents.delta) // granule * rng.uniform(0.1, 1, len(granule))).astype(np.int64)
    return np.where(intents.life == Life.PARTLY_CANCELLED, (units + 1) * granule, 0)


def _ids(kind: str, rows: dict[str, Any], time: str, key: str) -> dict[str, Any]:
    return external_id_rows(kind, kind[:2].upper(), rows["account_id"], rows[time], rows[key])


def _moves(one: Booked) -> cash.Moves:
    which = np.flatnonzero(one.trades.stands == 1)
    trades = one.trades.take(which)
    return cash.Moves(trades.account_id, one.instrument_id[which], trades.delta, trades.at)


def _in_order(traded_now: list[Booked]) -> Iterator[tuple[int, int, int, int, int, int]]:
    """The trades that stand, by time and key, as the book takes them."""
    parts = []
    for one in traded_now:
        which = np.flatnonzero(one.trades.stands == 1)
        trades = one.trades.take(which)
        at = trades.at.astype("datetime64[us]").astype(np.int64)
        multiplier = np.full(len(which), one.multiplier)
        key = one.trade_id[which]
        parts.append(
            (
                trades.account_id,
                one.instrument_id[which],
                trades.delta,
                trades.price,
                multiplier,
                at,
                key,
            )
        )
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.lexsort((columns[6], columns[5]))
    yield from zip(*(column[order].tolist() for column in columns[:6]), strict=True)
