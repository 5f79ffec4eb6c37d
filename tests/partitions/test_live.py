"""Nobody notices: readers and writers go on while partitions are made, retired and brought back."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg import Connection
from psycopg import Error as DriverError

from tests.partitions.conftest import Scene, Session, month
from warehouse.partitions.apply import apply
from warehouse.partitions.hand import steps_to_attach, steps_to_detach
from warehouse.partitions.lock import Patience
from warehouse.partitions.run import run_steps

TRADES = "trading.trades"
PATIENCE = Patience(lock_timeout=200, attempts=6, longest_wait=0.5)


class Worker:
    """Does the same over and over on a connection of its own; keeps what went wrong."""

    def __init__(self, work: Callable[[], object], rate: float | None = None) -> None:
        self.errors: list[str] = []
        self.done = 0
        self._stop = threading.Event()
        self._work, self._rate = work, rate
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        began = time.monotonic()
        while not self._stop.is_set():
            try:
                self._work()
            except DriverError as error:
                self.errors.append(str(error))
            self.done += 1
            if self._rate:
                self._stop.wait(max(0.0, began + self.done / self._rate - time.monotonic()))

    @contextmanager
    def at_work(self) -> Iterator["Worker"]:
        self._thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            self._thread.join()


def two_old_months(scene: Scene) -> None:
    """Two old months that may go, and the present, where writers are at work."""
    scene.dimensions()
    apply(scene.conn, [TRADES])
    scene.months(TRADES, 2024, 1, 2)
    scene.trade(1, month(2024, 1))
    scene.trade(2, month(2024, 2))
    scene.archived(TRADES, 2024, 1)
    scene.archived(TRADES, 2024, 2)


STAGES = {"stocked": two_old_months}


@pytest.fixture
def stocked(scene: Scene) -> Scene:
    return scene


def impatient(session: Session) -> Connection[Any]:
    """The server lets it wait for a lock ten times as long as the steps may wait for theirs, then it fails."""
    conn = session()
    conn.execute(f"set lock_timeout = {10 * PATIENCE.lock_timeout}")
    return conn


def old_trades(conn: Connection[Any]) -> int:
    row = conn.execute(
        "select count(*) from trading.trades t join reference.instruments using (instrument_id)"
        " where executed_at < '2025-01-01'"
    ).fetchone()
    assert row
    return int(row[0])


def test_a_long_reader_sees_what_it_saw_and_others_are_not_held_up(
    conn: Connection[Any], stocked: Scene, session: Session
) -> None:
    """The reader keeps its snapshot and its locks through a create, a detach and an attach."""
    reader = session()
    reader.autocommit = False
    reader.execute("set transaction isolation level repeatable read")
    assert old_trades(reader) == 2
    other = impatient(session)
    seen: list[int] = []
    with Worker(lambda: seen.append(old_trades(other))).at_work() as others:
        stocked.months(TRADES, 2024, 3, 3)
        outcome = run_steps(conn, steps_to_detach(conn, TRADES, "trades_p20240101"), PATIENCE)
        assert old_trades(reader) == 2
        assert "lock timeout" in outcome.failed[0][1]
        reader.rollback()
        _, done = apply(conn, [TRADES], patience=PATIENCE)
        assert [step.kind.value for step in done.done if step.name == "trades_p20240101"] == [
            "finalize"
        ]
        attached = run_steps(conn, steps_to_attach(conn, TRADES, "trades_p20240101"), PATIENCE)
        assert attached.failed == []
    assert others.errors == []
    assert others.done > 20
    changes = [number for number, before in zip(seen[1:], seen, strict=False) if number != before]
    assert changes == [1, 2]


def test_a_reader_of_what_keys_refer_to_holds_an_attach_up_and_nobody_else(
    conn: Connection[Any], stocked: Scene, session: Session
) -> None:
    """ATTACH of a keyed table wants ACCESS EXCLUSIVE on the instruments: it waits no longer than it may."""
    assert run_steps(conn, steps_to_detach(conn, TRADES, "trades_p20240101"), PATIENCE).failed == []
    reader, other = session(), impatient(session)
    reader.autocommit = False
    reader.execute("select count(*) from reference.instruments")
    with Worker(lambda: old_trades(other)).at_work() as others:
        outcome = run_steps(conn, steps_to_attach(conn, TRADES, "trades_p20240101"), PATIENCE)
    assert "lock timeout" in outcome.failed[0][1]
    assert others.errors == []
    reader.rollback()
    steps = steps_to_attach(conn, TRADES, "trades_p20240101")
    assert run_steps(conn, steps, PATIENCE).failed == []
    assert old_trades(conn) == 2


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_writers_have_no_error_all_the_while(
    conn: Connection[Any], stocked: Scene, session: Session
) -> None:
    """500 trades a second go on while partitions of the same table come and go all the time.

    Once with TAPEHOUSE_TEST_WRITERS=60 is the full minute.
    """
    seconds = float(os.environ.get("TAPEHOUSE_TEST_WRITERS", "3"))
    writer, numbers = impatient(session), iter(range(1000, 10_000_000))
    now = datetime.now(UTC)

    def write() -> None:
        writer.execute(
            "insert into trading.trades (account_id, executed_at, trade_id, instrument_id, side,"
            " quantity, price, source_id) values (1, %s, %s, 1, 'buy', 1, 1, 1)",
            [now, next(numbers)],
        )

    rounds, ends = 0, time.monotonic() + seconds
    with Worker(write, rate=500).at_work() as writers:
        while time.monotonic() < ends:
            rounds += 1
            year = 2000 + rounds % 20
            span = (month(year, 1), month(year, 3))
            _, made = apply(conn, [TRADES], span, PATIENCE)
            steps = steps_to_detach(conn, TRADES, "trades_p20240101")
            gone = run_steps(conn, steps, PATIENCE)
            back = run_steps(conn, steps_to_attach(conn, TRADES, "trades_p20240101"), PATIENCE)
            assert made.failed + gone.failed + back.failed == []
    assert writers.errors == []
    written = conn.execute("select count(*) from trading.trades where trade_id >= 1000").fetchone()
    assert written == (writers.done,)
    assert rounds
