"""A load's trades move the positions they are of, from where those stand, and no others."""

from typing import Any

import pytest
from psycopg import Connection

from tests.booking.conftest import Desk, at
from warehouse.ingest.booking import apply_fills

WRITE = """
insert into trading.trades (account_id, executed_at, instrument_id, side, quantity, price, source_id)
values (%s, %s, 1, %s, %s, %s, 1)
"""
WRITE_MANY = """
insert into trading.trades (account_id, executed_at, instrument_id, side, quantity, price, source_id)
select
    %(account)s, %(first_at)s + n * interval '1 second', 1 + mod(n, 2),
    case when mod(n, 7) < 3 then 'buy' else 'sell' end, 1 + mod(n, 5), 10 + mod(n, 13), 1
from generate_series(1, %(trades)s) as g (n)
"""
Trades = list[tuple[int, str, int, int]]  # minute, side, quantity, price


def load(conn: Connection[Any], account: int, trades: Trades, *before: str) -> int:
    with conn.transaction():
        for statement in before:
            conn.execute(statement)
        rows = [(account, at(minute), *told) for minute, *told in trades]
        conn.cursor().executemany(WRITE, rows)
        return apply_fills(conn)


def test_later_trades_are_added_to_the_position_without_reading_the_others(desk: Desk) -> None:
    account = desk.account()
    load(desk.conn, account, [(1, "buy", 10, 5), (2, "buy", 10, 7)])
    # What only a replay of all trades could mend shows whether there was one.
    desk.conn.execute("update trading.positions set average_price = 60")
    assert load(desk.conn, account, [(3, "sell", 5, 100)]) == 1
    assert desk.positions(account)[account, 1] == (15, 60, 200, at(3))
    assert load(desk.conn, account, [(3, "sell", 15, 100)]) == 1
    assert desk.positions(account)[account, 1] == (0, None, 20 * 100 - 120, at(3))


def test_a_late_trade_moves_its_own_position_only(desk: Desk) -> None:
    late, other = desk.account(), desk.account()
    load(desk.conn, late, [(5, "buy", 10, 5)])
    load(desk.conn, other, [(5, "buy", 10, 5)])
    load(desk.conn, late, [(1, "buy", 10, 7)])
    assert desk.positions(late)[late, 1] == (20, 6, 0, at(5))
    versions = desk.conn.execute("select version from trading.positions order by account_id")
    assert versions.fetchall() == [(2,), (1,)]


def test_a_transaction_without_trades_moves_nothing(desk: Desk) -> None:
    with desk.conn.transaction():
        desk.account()
        assert apply_fills(desk.conn) == 0


@pytest.mark.parametrize(
    "before",
    ["set local role warehouse_write", "set local session_replication_role = replica"],
)
def test_loads_book_with_their_own_rights_and_settings(desk: Desk, before: str) -> None:
    account = desk.account()
    assert load(desk.conn, account, [(1, "buy", 10, 5)], before) == 1
    assert load(desk.conn, account, [(0, "buy", 10, 7)], before) == 1
    assert desk.positions(account)[account, 1] == (20, 6, 0, at(1))


def test_trades_in_any_order_are_booked_by_time_and_key(desk: Desk) -> None:
    account = desk.account()
    trades: Trades = [
        (minute, "sell" if minute % 3 else "buy", 3, minute) for minute in range(1, 40)
    ]
    load(desk.conn, account, [*trades[::-1], (20, "buy", 1, 5), (20, "sell", 1, 9)])
    found = desk.positions(account)
    rebooked = "select trading.rebook_positions(array[%s::bigint], array[1::bigint])"
    assert desk.one(rebooked, account) == (0,)
    assert found == desk.positions(account)


def test_as_many_fills_as_two_processes_add_up_come_to_what_one_makes_of_them(desk: Desk) -> None:
    account = desk.account()
    load(desk.conn, account, [(0, "buy", 10, 5)])
    with desk.conn.transaction():
        told = {"account": account, "first_at": at(1), "trades": 60_000}
        desk.conn.execute(WRITE_MANY, told)
        assert apply_fills(desk.conn) == 2
    found = desk.positions(account)
    rebooked = "select trading.rebook_positions(array[%s, %s]::bigint[], array[1, 2]::bigint[])"
    assert desk.one(rebooked, account, account) == (0,)
    assert found == desk.positions(account)


def test_a_position_that_does_not_move_leaves_no_event(desk: Desk) -> None:
    account = desk.account()
    load(desk.conn, account, [(1, "buy", 10, 5)])
    events = "audit.events where table_name = 'positions'"
    assert desk.count(events) == 1
    desk.one("select trading.rebook_positions(array[%s::bigint], array[1::bigint])", account)
    assert desk.count(events) == 1
