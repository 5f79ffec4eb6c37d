"""A load holds the accounts it books before it writes, and gives way to bookings that hold others."""

import threading
from collections.abc import Iterable
from typing import Any

import pytest
from psycopg import Connection

from tests.ingest.conftest import Desk, trades
from warehouse.ingest import lines, merge, pipeline
from warehouse.ingest.booking.apply_fills import lock_accounts

LOCK = "select trading.lock_accounts(array(select account_id from reference.accounts where account_hash = %s))"
IS_WAITED_FOR = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
CROSSING = trades(
    *(f"acc-{2 - n // 40},x{n},2026-01-05T14:00:{n % 60:02}Z,,,ABC,buy,1,1.50" for n in range(80))
)


def test_its_accounts_are_held_before_its_trades_are_written(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []

    def noted(conn: Connection[Any], account_ids: Iterable[int]) -> None:
        row = conn.execute("select count(*) from trading.trades").fetchone()
        written.append(row[0] if row else 0)
        lock_accounts(conn, account_ids)

    monkeypatch.setattr(merge, "lock_accounts", noted)
    desk.load("trades", CROSSING)
    assert written == [0]


def test_a_load_that_crosses_a_booking_begins_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "BLOCK", 1_000)
    # The load finds out first, and is the one that gives way.
    monkeypatch.setattr(pipeline, "OPTIONS", pipeline.OPTIONS + " -c deadlock_timeout=10ms")
    booking = desk.conn
    booking.execute("begin")
    booking.execute(LOCK, ["acc-1"])

    def go_on() -> None:
        booking.execute(LOCK, ["acc-2"])
        booking.execute("commit")

    waiting = threading.Thread(target=go_on)

    def crossed(conn: Connection[Any], account_ids: Iterable[int]) -> None:
        lock_accounts(conn, account_ids)
        if not waiting.ident:
            waiting.start()
            while conn.execute(IS_WAITED_FOR).fetchone() == (0,):
                conn.execute("select pg_stat_clear_snapshot()")

    monkeypatch.setattr(merge, "lock_accounts", crossed)
    result = desk.load("trades", CROSSING)
    waiting.join()
    assert (result.tally.read, result.tally.loaded) == (80, 80)
    assert desk.all("select state from ops.ingest_batches") == [("loaded",)]
    assert desk.one("select sum(quantity) from trading.positions") == 80
