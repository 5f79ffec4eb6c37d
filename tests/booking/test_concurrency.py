"""Many book at once, in the same accounts and in others: nobody deadlocks, and nothing is lost."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from importlib import import_module
from random import Random
from time import sleep
from typing import Any

import pytest
from psycopg import connect

from tests.booking.conftest import MULTIPLIERS, Desk, at
from tests.booking.oracle import Row, holdings
from warehouse.db.sessions import async_writing
from warehouse.db.target import Target
from warehouse.errors import OutcomeUnknown
from warehouse.ingest.booking import (
    Fill,
    Overfilled,
    apply_fills,
    book,
    bust_trade,
)
from warehouse.models.trading import Side

WRITE = """
insert into trading.trades (account_id, executed_at, instrument_id, side, quantity, price, source_id)
values (%s, %s, %s, %s, %s, %s, 1)
"""
BOOKERS, LOADERS, ROUNDS = 6, 2, 8


def any_fill(random: Random, accounts: list[int]) -> Fill:
    return Fill(
        account_id=random.choice(accounts),
        instrument_id=random.choice([1, 2]),
        source_id=1,
        side=random.choice(list(Side)),
        quantity=Decimal(random.randint(1, 9)),
        price=Decimal(random.randint(100, 999)) / 7,
        executed_at=at(random.randint(0, 500)),
    )


async def book_again_and_again(accounts: list[int], seed: int) -> None:
    random = Random(seed)
    for _ in range(ROUNDS):
        first, *_ = await book([any_fill(random, accounts) for _ in range(3)])
        if random.random() < 0.3:
            async with async_writing() as session:
                await bust_trade(session, first, at(600))


def load_again_and_again(database: Target, accounts: list[int], seed: int) -> None:
    random = Random(seed)
    with connect(**database.keywords(), autocommit=True) as conn:
        for _ in range(ROUNDS):
            with conn.transaction():
                fills = [any_fill(random, accounts) for _ in range(20)]
                rows = [
                    (f.account_id, f.executed_at, f.instrument_id, f.side, f.quantity, f.price)
                    for f in fills
                ]
                conn.cursor().executemany(WRITE, rows)
                apply_fills(conn)


def until_someone_waits(desk: Desk) -> None:
    while not desk.count("pg_locks where not granted"):
        sleep(0.01)


def on_record(desk: Desk) -> list[Row]:
    rows = desk.conn.execute(
        "select trade_id, account_id, instrument_id,"
        " (extract(epoch from executed_at - %s) / 60)::int,"
        " case side when 'buy' then quantity else -quantity end, price, kind, replaces_trade_id"
        " from trading.trades",
        [at(0)],
    )
    return [Row(*row) for row in rows]


@pytest.mark.usefixtures("loop")
async def test_positions_equal_the_trades_when_all_are_done(desk: Desk, database: Target) -> None:
    accounts = [desk.account() for _ in range(3)]
    with ThreadPoolExecutor(LOADERS) as threads:
        loading = [
            asyncio.wrap_future(threads.submit(load_again_and_again, database, accounts, 100 + n))
            for n in range(LOADERS)
        ]
        await asyncio.gather(
            *loading, *(book_again_and_again(accounts, seed) for seed in range(BOOKERS))
        )
    rows = on_record(desk)
    assert len([row for row in rows if row.kind == "new"]) == ROUNDS * (3 * BOOKERS + 20 * LOADERS)
    expected: dict[Any, Any] = {
        pair: (
            one.quantity,
            one.average if one.quantity else None,
            one.realized * MULTIPLIERS[pair[1]],
            None if one.last is None else at(one.last),
        )
        for pair, one in holdings(rows).items()
    }
    assert desk.positions(*accounts) == expected
    (deadlocks,) = desk.one(
        "select deadlocks from pg_stat_database where datname = current_database()"
    )
    assert deadlocks == 0


@pytest.mark.usefixtures("loop")
async def test_one_order_filled_by_eight_at_once_is_filled_exactly(desk: Desk) -> None:
    account = desk.account()
    order = desk.order(account, "buy", 8)
    fills = [
        Fill(
            account_id=account,
            instrument_id=1,
            source_id=1,
            side=Side.BUY,
            quantity=Decimal(1),
            price=Decimal(10 + n),
            executed_at=at(n),
            order_id=order,
            external_id=f"x{n}",
        )
        for n in range(9)
    ]
    booked = await asyncio.gather(*(book([each]) for each in fills), return_exceptions=True)
    refused = [each for each in booked if isinstance(each, BaseException)]
    assert [type(each) for each in refused] == [Overfilled]
    assert desk.order_state(order) == ("filled", 8, 0)
    assert desk.count("trading.trades") == desk.count("trading.order_activities") == 8


@pytest.mark.usefixtures("loop")
async def test_a_booking_waits_for_another_of_its_account_only(desk: Desk) -> None:
    busy, free = desk.account(), desk.account()
    random = Random(1)
    with desk.conn.transaction():
        desk.conn.execute("select trading.lock_accounts(array[%s::bigint])", [busy])
        await book([any_fill(random, [free])])
        waiting = asyncio.create_task(book([any_fill(random, [busy])]))
        await asyncio.to_thread(until_someone_waits, desk)
        assert not waiting.done()
    await waiting
    assert desk.count("trading.trades") == 2


@pytest.mark.usefixtures("loop")
async def test_a_commit_of_unknown_outcome_is_not_repeated(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    async def fail(*_: object) -> None:
        calls.append(1)
        raise OutcomeUnknown

    monkeypatch.setattr(import_module("warehouse.ingest.booking.book_fill"), "book_fills", fail)
    with pytest.raises(OutcomeUnknown):
        await book([])
    assert len(calls) == 1
