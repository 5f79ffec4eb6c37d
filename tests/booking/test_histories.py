"""Whatever happens, and however it is booked, positions equal a replay of the trades by someone else."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.booking.conftest import MULTIPLIERS, Desk, at
from tests.booking.oracle import Holding, Row, holdings, standing
from warehouse.db.engines import async_dispose
from warehouse.db.sessions import async_writing
from warehouse.ingest.booking import (
    Fill,
    TradeKey,
    apply_fills,
    book_fill,
    bust_trade,
    correct_trade,
)
from warehouse.models.trading import Side

WRITE = """
insert into trading.trades (
    account_id, executed_at, trade_id, kind, replaces_executed_at, replaces_trade_id, instrument_id,
    side, quantity, price, source_id
) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1)
"""
OPEN = """
insert into trading.positions (
    account_id, instrument_id, quantity, average_price, realized_pnl,
    opening_as_of, opening_quantity, opening_average_price, opening_realized_pnl
) values (%(a)s, %(i)s, %(q)s, %(v)s, %(r)s, %(at)s, %(q)s, %(v)s, %(r)s)
"""
OPENED_AT = 20

quantities = st.decimals("0.0001", "500", places=4) | st.integers(1, 6).map(Decimal)
prices = st.decimals("0.01", "1000", places=2) | st.decimals(
    "0.0000000000001", "0.001", places=13
).filter(bool)


@dataclass(frozen=True)
class Step:
    """A trade, or a change of the standing trade that `nth` comes to."""

    action: str
    account: int
    instrument: int
    minute: int
    change: Decimal
    price: Decimal
    nth: int


@dataclass(frozen=True)
class Batch:
    """What is booked in one transaction: in bulk, or one by one."""

    in_bulk: bool
    steps: Sequence[Step]


steps = st.builds(
    Step,
    action=st.sampled_from(["trade"] * 4 + ["correct", "bust"]),
    account=st.integers(0, 1),
    instrument=st.sampled_from([1, 2]),
    minute=st.integers(0, 60) | st.just(60 * 48),
    change=st.builds(lambda q, sells: -q if sells else q, quantities, st.booleans()),
    price=prices,
    nth=st.integers(0, 1000),
)
batches = st.builds(Batch, in_bulk=st.booleans(), steps=st.lists(steps, min_size=1, max_size=6))


@dataclass
class Tape:
    """Two accounts, what was written to them, and where the clock of late steps stands."""

    desk: Desk
    accounts: tuple[int, int]
    rows: list[Row] = field(default_factory=list)
    minute: int = 0

    def row(self, step: Step) -> Row | None:
        """What a step writes; a change needs a trade that stands."""
        (trade_id,) = self.desk.one(
            "select nextval(pg_get_serial_sequence('trading.trades', 'trade_id'))"
        )
        row = Row(
            trade_id, self.accounts[step.account], step.instrument, step.minute, step.change,
            step.price,
        )  # fmt: skip
        if step.action == "trade":
            return row
        stand = standing(self.rows)
        if not stand:
            return None
        old = stand[step.nth % len(stand)]
        kind = "correction" if step.action == "correct" else "bust"
        new = row if kind == "correction" else old
        return Row(
            trade_id, old.account, new.instrument, step.minute, new.change, new.price, kind,
            old.trade_id,
        )  # fmt: skip

    def find(self, trade_id: int | None) -> Row:
        return next(row for row in self.rows if row.trade_id == trade_id)


def written(tape: Tape, row: Row) -> list[Any]:
    replaced = tape.find(row.replaces) if row.replaces else None
    return [
        row.account, at(row.minute), row.trade_id, row.kind,
        replaced and at(replaced.minute), row.replaces,
        row.instrument, side(row), abs(row.change), row.price,
    ]  # fmt: skip


def side(row: Row) -> Side:
    return Side.BUY if row.change > 0 else Side.SELL


def book_in_bulk(tape: Tape, batch: Batch) -> None:
    conn = tape.desk.conn
    with conn.transaction():
        for step in batch.steps:
            if row := tape.row(step):
                conn.execute(WRITE, written(tape, row))
                tape.rows.append(row)
        apply_fills(conn)
        assert apply_fills(conn) == 0


async def book_singly(tape: Tape, batch: Batch) -> None:
    async with async_writing() as session:
        for step in batch.steps:
            row = tape.row(step)
            if row is None:
                continue
            old = tape.find(row.replaces) if row.replaces else None
            key = TradeKey(old.account, at(old.minute), old.trade_id) if old else None
            if key is None:
                trade = await book_fill(session, fill(row))
            elif row.kind == "bust":
                trade = await bust_trade(session, key, at(row.minute))
            else:
                trade = await correct_trade(
                    session,
                    key,
                    executed_at=at(row.minute),
                    instrument_id=row.instrument,
                    side=side(row),
                    quantity=abs(row.change),
                    price=row.price,
                )
            tape.rows.append(
                Row(
                    trade.trade_id,
                    row.account,
                    row.instrument,
                    row.minute,
                    row.change,
                    row.price,
                    row.kind,
                    row.replaces,
                )
            )


def fill(row: Row) -> Fill:
    return Fill(
        account_id=row.account,
        instrument_id=row.instrument,
        source_id=1,
        side=side(row),
        quantity=abs(row.change),
        price=row.price,
        executed_at=at(row.minute),
    )


def expected(held: dict[tuple[int, int], Holding]) -> dict[tuple[int, int], tuple[Any, ...]]:
    return {
        pair: (
            one.quantity,
            one.average if one.quantity else None,
            one.realized * MULTIPLIERS[pair[1]],
            None if one.last is None else at(one.last),
        )
        for pair, one in held.items()
    }


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(history=st.lists(batches, min_size=1, max_size=6), opened=st.booleans())
def replay(desk: Desk, runner: asyncio.Runner, history: list[Batch], opened: bool) -> None:
    tape = Tape(desk, (desk.account(), desk.account()))
    openings: dict[tuple[int, int], tuple[int, Holding]] = {}
    if opened:
        pair = tape.accounts[0], 1
        kept = {"q": Decimal("-7.5"), "v": Decimal("3.21"), "r": Decimal("12.5")}
        desk.conn.execute(OPEN, {"a": pair[0], "i": 1, "at": at(OPENED_AT)} | kept)
        q, v, r = map(Fraction, kept.values())
        openings[pair] = OPENED_AT, Holding(q, v, r)
    for batch in history:
        if batch.in_bulk:
            book_in_bulk(tape, batch)
        else:
            runner.run(book_singly(tape, batch))
        assert desk.positions(*tape.accounts) == expected(holdings(tape.rows, openings))


def test_positions_equal_the_trades_after_every_transaction(desk: Desk) -> None:
    with asyncio.Runner() as runner:
        replay(desk, runner)
        runner.run(async_dispose())
