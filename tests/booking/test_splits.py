"""What is held goes through splits: at the same cost, with an event, once."""

from decimal import Decimal
from typing import Any

import pytest

from tests.booking.conftest import Desk, at
from warehouse.db.sessions import async_writing
from warehouse.ingest.booking import Fill, apply_fills, book_fill
from warehouse.ingest.booking.splits import book_splits
from warehouse.models.trading import Side

TRADE = """
insert into trading.trades (account_id, executed_at, instrument_id, side, quantity, price, source_id)
values (%s, %s, 1, %s, %s, %s, 1)
"""
ACTION = """
insert into market.corporate_actions (instrument_id, effective_day, kind, source_id, ratio)
values (1, %s, 'split', 1, %s)
"""
DAY = 24 * 60


def trade(desk: Desk, account: int, minute: int, side: str, quantity: int, price: int) -> None:
    with desk.conn.transaction():
        desk.conn.execute(TRADE, [account, at(minute), side, quantity, price])
        desk.conn.execute("select trading.rebook_positions(%s, %s)", [[account], [1]])


def held(desk: Desk, account: int) -> tuple[Any, ...]:
    return desk.positions(account)[account, 1][:3]


@pytest.fixture
def holder(desk: Desk) -> int:
    """An account that bought 100 at 400."""
    account = desk.account()
    trade(desk, account, 0, "buy", 100, 400)
    return account


def test_a_split_is_booked_once_and_leaves_its_event(desk: Desk, holder: int) -> None:
    desk.conn.execute(ACTION, [at(DAY).date(), 4])
    events = desk.count("audit.events where table_name = 'positions'")
    assert book_splits(desk.conn) == 1
    assert held(desk, holder) == (400, 100, 0)
    assert book_splits(desk.conn) == 0
    assert desk.count("audit.events where table_name = 'positions'") == events + 1
    trade(desk, holder, 2 * DAY, "sell", 200, 110)
    assert held(desk, holder) == (200, 100, 2000)


def test_a_split_to_come_changes_nothing(desk: Desk, holder: int) -> None:
    desk.conn.execute(ACTION, ["2999-01-01", 4])
    assert book_splits(desk.conn) == 0
    assert held(desk, holder) == (100, 400, 0)


def test_the_better_source_is_believed_and_no_other(desk: Desk, holder: int) -> None:
    desk.conn.execute(
        "insert into reference.sources (source_id, name, priority) values (2, 'b', 2)"
    )
    desk.conn.execute(ACTION.replace("'split', 1", "'split', 2"), [at(DAY).date(), 5])
    desk.conn.execute(ACTION, [at(2 * DAY).date(), 3])
    book_splits(desk.conn)
    assert held(desk, holder) == (300, Decimal("133.3333333333"), 0)


async def test_fills_after_a_split_that_nobody_booked_count_in_its_units(
    desk: Desk, holder: int
) -> None:
    """One by one and in bulk, and a late one of before the split in the old units."""
    other = desk.account()
    for account in (holder, other):
        trade(desk, account, 1, "buy", 100, 400)
    desk.conn.execute(ACTION, [at(DAY).date(), 4])
    for minute, side, quantity, price in (
        (2 * DAY, "sell", 100, 110),
        (2, "buy", 10, 400),
        (3 * DAY, "buy", 20, 100),
    ):
        await booked(holder, minute, side, quantity, price)
        with desk.conn.transaction():
            desk.conn.execute(TRADE, [other, at(minute), side, quantity, price])
            apply_fills(desk.conn)
    assert held(desk, other) == (400 + 40 - 100 + 20, 100, 1000)
    assert held(desk, holder) == (800 + 40 - 100 + 20, 100, 1000)


def test_what_was_held_outlives_its_trades(desk: Desk, holder: int) -> None:
    """The opening stands for them, splits and all; what comes after is booked on top of it."""
    trade(desk, holder, 5, "sell", 40, 500)
    desk.conn.execute(ACTION, [at(DAY).date(), 4])
    trade(desk, holder, 3 * DAY, "sell", 40, 110)
    before = desk.positions(holder)
    for _ in range(2):  # a run that was killed begins again
        desk.conn.execute("select trading.freeze_openings(%s, %s)", [holder, at(2 * DAY)])
        assert desk.positions(holder) == before
    with desk.conn.transaction():
        desk.conn.execute("set local session_replication_role = replica")
        desk.conn.execute("set local role warehouse_maintain")
        desk.conn.execute("delete from trading.trades where executed_at < %s", [at(2 * DAY)])
    trade(desk, holder, 4 * DAY, "buy", 10, 100)
    assert held(desk, holder) == (210, 100, 4000 + 400)
    trade(desk, holder, 2 * DAY + 1, "buy", 10, 100)
    assert held(desk, holder) == (220, 100, 4000 + 400)


async def booked(account: int, minute: int, side: str, quantity: int, price: int) -> None:
    fill = Fill(
        account_id=account,
        instrument_id=1,
        source_id=1,
        side=Side(side),
        quantity=Decimal(quantity),
        price=Decimal(price),
        executed_at=at(minute),
    )
    async with async_writing() as session:
        await book_fill(session, fill)
