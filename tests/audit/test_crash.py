"""Killed in the middle of bulk loads, server or client: no row without its event, and none the other way."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from tests.audit.conftest import prepare
from warehouse.audit.reconcile import Discrepancy, reconcile
from warehouse.db.target import Target
from warehouse.embedded import Embedded
from warehouse.jobs import install

STAGES = ("copy trading.trades", "insert into market.bars")
# Loads again and again, in two tables and by COPY and upsert; says each commit.
PROGRAM = """
import sys
from psycopg import connect

with connect(sys.argv[1], autocommit=True) as conn:
    while True:
        with conn.transaction():
            with conn.cursor().copy(
                "copy trading.trades (account_id, executed_at, instrument_id, side, quantity, price,"
                " source_id) from stdin"
            ) as copy:
                for number in range(5000):
                    copy.write_row((1 + number % 2, "2026-01-05", 1, "buy", 1, 10, 1))
            conn.execute(
                "insert into market.bars (instrument_id, frequency, bar_at, source_id, open, high,"
                " low, close, volume) select 1, '1m', d, 1, 1, 9, 1, 2, 9"
                " from generate_series('2026-01-05'::timestamptz, '2026-01-06', '1 minute') as d"
                " on conflict (instrument_id, frequency, bar_at, source_id)"
                " do update set volume = bars.volume + 1"
            )
        print("committed", flush=True)
"""


@pytest.fixture
def own(server: Target) -> Iterator[Embedded]:
    """A server of the same version that may be killed."""
    with psycopg.connect(**server.keywords()) as conn:
        row = conn.execute("select setting from pg_config where name = 'BINDIR'").fetchone()
    assert row
    ground = Path(tempfile.mkdtemp(prefix="tapehouse-"))
    ground.chmod(0o755)
    # A kill, unlike a power cut, spares what the server has handed to the system.
    made = Embedded(ground / "home", Path(row[0]), {"max_connections": "30", "fsync": "off"})
    try:
        yield made
    finally:
        made.destroy()
        shutil.rmtree(ground)


def opened(target: Target) -> Connection[Any]:
    return psycopg.connect(**target.keywords(options="-c timezone=UTC"), autocommit=True)


def loading(target: Target) -> subprocess.Popen[str]:
    """A loader that has committed once, and is at it again."""
    command = [sys.executable, "-c", PROGRAM, target.conninfo]
    loader = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert loader.stdout
    assert loader.stdout.readline() == "committed\n"
    return loader


def commits(loader: subprocess.Popen[str]) -> int:
    """How many commits a loader was told of, when it has ended."""
    assert loader.stdout
    with loader, loader.stdout:
        return 1 + len(loader.stdout.readlines())


def loads(conn: Connection[Any]) -> int:
    """How many loads are there; half a one fails."""
    row = conn.execute("select count(*) from trading.trades").fetchone()
    assert row
    whole, rest = divmod(row[0], 5000)
    assert rest == 0
    return int(whole)


def wrong(conn: Connection[Any]) -> list[Discrepancy]:
    with conn.transaction():
        return [each for each in reconcile(conn) if isinstance(each, Discrepancy)]


def reach(conn: Connection[Any], stage: str) -> None:
    """Wait until the loader is in the middle of a statement."""
    busy = "select from pg_stat_activity where state = 'active' and pid <> %s and query ^@ %s"
    until(lambda: conn.execute(busy, [conn.info.backend_pid, stage]).rowcount == 1)


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.mark.slow
def test_a_client_that_is_killed_leaves_whole_loads(
    conn: Connection[Any], database: Target
) -> None:
    told = 0
    clients = (
        "select from pg_stat_activity where datname = current_database() and pid <> %s"
        " and backend_type = 'client backend'"
    )
    for number, stage in enumerate(STAGES * 2):
        loader = loading(database)
        reach(conn, stage)
        loader.kill()
        told += commits(loader)
        until(lambda: conn.execute(clients, [conn.info.backend_pid]).rowcount == 0)
        assert told <= loads(conn) <= told + number + 1
        assert wrong(conn) == []


@pytest.mark.slow
def test_a_server_that_is_killed_comes_back_with_whole_loads(own: Embedded) -> None:
    target = Target(own.ensure_running(), "the test's own server")
    install.make_roles(target)
    install.migrate(target)
    with opened(target) as conn:
        prepare(conn)
    told = 0
    for number, stage in enumerate(STAGES):
        loader = loading(target)
        pid = own.status().pid
        assert pid
        with opened(target) as conn:
            reach(conn, stage)
            os.kill(pid, signal.SIGKILL)
        loader.wait()
        told += commits(loader)
        with opened(Target(own.ensure_running(), "the test's own server")) as conn:
            # What was committed is kept; of the last commit nobody may have heard.
            assert told <= loads(conn) <= told + number + 1
            assert wrong(conn) == []
