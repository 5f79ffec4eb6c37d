"""Refreshes are right beside writers, beside each other, and after they were killed."""

import os
import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from psycopg import OperationalError

from tests.refresh.conftest import Desk, Wait, at
from warehouse.access import BUILD
from warehouse.db.migrations import MIGRATION_LOCK
from warehouse.errors import BusyError
from warehouse.refresh.follow import follow
from warehouse.refresh.runs import Outcome, refresh

FLOWS = "select ops.refresh_rollup('rolled.flows')"
COUNT = "select coalesce(sum(trades), 0) from rolled.flows"
PROGRAM = f"""
from psycopg import connect
from warehouse.db.target import primary
from warehouse.refresh.runs import refresh

with connect(**primary().keywords(options="-c role={BUILD}"), autocommit=True) as conn:
    refresh(conn)
"""


def test_two_refreshers_that_meet_do_the_work_once(desk: Desk, waits: Wait) -> None:
    desk.trade(1, at("03-05"))
    with desk.session(BUILD) as other, ThreadPoolExecutor() as pool:
        with other.transaction():
            other.execute(FLOWS)
            desk.trade(2, at("03-06"))
            second = pool.submit(desk.refresh, "flows")
            waits("-- What did a refresh")
        (run,) = second.result(timeout=20).runs
    assert (run.event_count, run.inserted_count) == (1, 1)
    assert desk.rows(COUNT) == [(2,)]
    assert desk.differences() == {}


def test_a_writer_that_stays_open_holds_nothing_back_and_is_not_missed(desk: Desk) -> None:
    with desk.session() as slow, slow.transaction():
        desk.trade(1, at("03-05"), conn=slow)
        desk.trade(2, at("03-05"))
        desk.refresh()
        assert desk.rows(COUNT) == [(1,)]
        assert desk.differences() == {}
    desk.refresh()
    assert desk.rows(COUNT) == [(2,)]
    assert desk.differences() == {}


def test_readers_of_a_rollup_do_not_wait_for_its_refresh(desk: Desk) -> None:
    desk.trade(1, at("03-05"))
    with desk.session(BUILD) as other, other.transaction():
        other.execute(FLOWS)
        desk.conn.execute("set lock_timeout = '1s'")
        assert desk.rows(COUNT) == [(0,)]
    assert desk.rows(COUNT) == [(1,)]


def test_a_refresh_whose_session_dies_leaves_everything_as_it_was(desk: Desk) -> None:
    desk.trade(1, at("03-05"))
    with desk.session(BUILD) as other, pytest.raises(OperationalError):
        other.execute("begin")
        other.execute(FLOWS)
        desk.rows("select pg_terminate_backend(%s)", other.info.backend_pid)
        other.execute("commit")
    assert desk.rows(COUNT) == [(0,)]
    assert desk.differences() == {}
    assert desk.rows(COUNT) == [(1,)]


def test_a_killed_program_leaves_everything_as_it_was(desk: Desk, waits: Wait) -> None:
    desk.trade(1, at("03-05"))
    with desk.session(BUILD) as other, other.transaction():
        other.execute("lock table rolled.holdings in share mode")
        program = subprocess.Popen([sys.executable, "-c", PROGRAM])
        waits("-- What did a refresh")
        os.kill(program.pid, signal.SIGKILL)
        program.wait()
    desk.refresh()
    assert desk.differences() == {}
    assert desk.rows("select count(*) from ops.refresh_runs where state <> 'done'") == [(0,)]


def test_a_migration_is_not_met(desk: Desk) -> None:
    desk.trade(1, at("03-05"))
    with desk.session() as migration:
        migration.execute("select pg_advisory_lock(%s)", [MIGRATION_LOCK])
        with pytest.raises(BusyError, match="migration is under way"):
            refresh(desk.builder)
        stop = Event()
        with ThreadPoolExecutor() as pool:
            followed: list[Outcome] = []

            def told(outcome: Outcome) -> None:
                followed.append(outcome)
                stop.set()

            running = pool.submit(follow, desk.builder, stop, told, (), 0.05)
            migration.execute("select pg_sleep(0.2)")
            assert not followed
            migration.execute("select pg_advisory_unlock(%s)", [MIGRATION_LOCK])
            running.result(timeout=20)
    assert followed[0].runs
    assert desk.differences() == {}


def test_loads_and_refreshes_side_by_side_leave_no_difference(desk: Desk) -> None:
    stop = Event()

    def load(seed: int) -> None:
        draw = random.Random(seed)
        with desk.session() as conn:
            while not stop.is_set():
                with conn.transaction(force_rollback=draw.random() < 0.3):
                    for _ in range(draw.randint(1, 3)):
                        when = at(f"{draw.randint(1, 3):02}-{draw.randint(1, 28):02}")
                        desk.trade(draw.randint(1, 4), when, draw.choice([-2, 1]), conn=conn)

    def keep_up() -> None:
        with desk.session(BUILD) as conn:
            while not stop.is_set():
                outcome = refresh(conn)
                assert outcome.failed == []

    with ThreadPoolExecutor() as pool:
        running = [
            *(pool.submit(load, seed) for seed in range(3)),
            *(pool.submit(keep_up) for _ in range(2)),
        ]
        desk.conn.execute("select pg_sleep(2)")
        stop.set()
        for each in running:
            each.result(timeout=30)
    assert desk.differences() == {}
    assert desk.rows(COUNT) == desk.rows("select count(*) from trading.effective_trades")
