"""Fifty writers at once, single fills and bulk loads mixed: nothing is missing, doubled or out of order."""

import os
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from psycopg import Connection, connect

from warehouse.audit.reconcile import Discrepancy, reconcile
from warehouse.db.target import Target

WRITERS = 50
# The whole minute: TAPEHOUSE_WRITERS_SECONDS=60.
SECONDS = float(os.environ.get("TAPEHOUSE_WRITERS_SECONDS", "5"))
BULK = 500
FIRST_ACCOUNT = 100

FILL = """
insert into trading.trades (account_id, executed_at, instrument_id, side, quantity, price, source_id)
values (%(account)s, '2026-01-05', 1, 'buy', 1, 10, 1)
"""
POSITION = """
insert into trading.positions (account_id, instrument_id, quantity, average_price)
values (%(account)s, 1, 1, 10)
on conflict (account_id, instrument_id) do update set quantity = positions.quantity + 1
"""
LOAD = """
copy trading.trades (account_id, executed_at, instrument_id, side, quantity, price, source_id)
from stdin
"""
BARS = """
insert into market.bars (
    instrument_id, frequency, bar_at, source_id, open, high, low, close, volume
)
select 1, '1m', d, 1, 1, 9, 1, 2, 9
from generate_series('2026-01-05'::timestamptz, '2026-01-05 02:00', '1 minute') as d
on conflict (instrument_id, frequency, bar_at, source_id) do update set volume = bars.volume + 1
"""


@pytest.fixture
def world(conn: Connection[Any]) -> Connection[Any]:
    conn.execute(
        "insert into reference.accounts (account_id, account_hash, account_number_encrypted,"
        " account_number_digest, display_name, account_type, base_currency)"
        " select n, n::text, '', sha256(n::text::bytea), 'A', 'cash', 'USD'"
        " from generate_series(%s::bigint, %s) as g (n)",
        [FIRST_ACCOUNT, FIRST_ACCOUNT + WRITERS],
    )
    return conn


class Reader:
    """Follows the events as a consumer does: from the snapshot it has read to, to the present one."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.read: list[tuple[str, int]] = []
        self.stored: str | None = None

    def follow(self, done: threading.Event) -> None:
        with connect(**self.target.keywords(), autocommit=True) as conn:
            while not done.is_set():
                self.step(conn)
            self.step(conn)

    def step(self, conn: Connection[Any]) -> None:
        row = conn.execute("select pg_current_snapshot()::text").fetchone()
        assert row
        batch = conn.execute(
            "select xid::text::bigint, event_id from audit.events_between(%s, %s)",
            [self.stored, row[0]],
        ).fetchall()
        assert batch == sorted(batch)
        self.read += batch
        self.stored = row[0]


def write(target: Target, number: int, until: float) -> Counter[str]:
    """What one writer committed, by kind."""
    committed: Counter[str] = Counter()
    account = {"account": FIRST_ACCOUNT + number}
    with connect(**target.keywords(), autocommit=True) as conn:
        while time.monotonic() < until:
            with conn.transaction():
                if number % 5:
                    conn.execute(FILL, account)
                    conn.execute(POSITION, account)
                    done = {"trades": 1, "fills": 1}
                elif number % 10:
                    load(conn, account["account"])
                    done = {"trades": BULK}
                else:
                    done = {"bars": conn.execute(BARS).rowcount}
            committed.update(done)
    return committed


def load(conn: Connection[Any], account: int) -> None:
    with conn.cursor().copy(LOAD) as copy:
        for number in range(BULK):
            second = f"2026-02-05 00:{number // 60 % 60:02}:{number % 60:02}+00"
            copy.write_row((account, second, 1 + number % 2, "buy", 1, 10, 1))


@pytest.fixture
def committed(world: Connection[Any], database: Target) -> tuple[Counter[str], Reader]:
    """What was committed while a reader followed, and what it read."""
    reader, done = Reader(database), threading.Event()
    until = time.monotonic() + SECONDS
    with ThreadPoolExecutor(WRITERS + 1) as pool:
        following = pool.submit(reader.follow, done)
        writers = [pool.submit(write, database, number, until) for number in range(WRITERS)]
        try:
            total = sum((each.result() for each in writers), Counter[str]())
        finally:
            done.set()
        following.result()
    return total, reader


@pytest.mark.timeout(SECONDS + 120)
def test_nothing_is_missing_doubled_or_read_twice(
    world: Connection[Any], committed: tuple[Counter[str], Reader]
) -> None:
    total, reader = committed
    assert set(total) == {"trades", "fills", "bars"}
    row = world.execute(
        "select (select count(*) from trading.trades), (select sum(quantity) from trading.positions),"
        " (select sum(row_count) from audit.events where table_name = 'bars')"
    ).fetchone()
    assert row == (total["trades"], total["fills"], total["bars"])
    with world.transaction():
        assert not [each for each in reconcile(world) if isinstance(each, Discrepancy)]
    written = world.execute("select xid::text::bigint, event_id from audit.events").fetchall()
    assert sorted(reader.read) == sorted(written)
