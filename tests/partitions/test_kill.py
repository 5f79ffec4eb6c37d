"""Killed at any point, the tool or the server, and run again: the end is the same."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from tests.partitions.conftest import Scene, Session, month
from warehouse.db.target import Target
from warehouse.embedded import Embedded
from warehouse.errors import BusyError, WarehouseError
from warehouse.jobs import install
from warehouse.partitions.apply import apply
from warehouse.partitions.hand import steps_to_detach
from warehouse.partitions.index_runs import add_index
from warehouse.partitions.indexes import OnlineIndex
from warehouse.partitions.lock import OnReplica, Patience
from warehouse.partitions.planning import make_plan
from warehouse.partitions.run import run_steps

TRADES, TRANSACTIONS, ITEMS = (
    "trading.trades",
    "trading.transactions",
    "trading.transaction_items",
)
LOGS = ("audit.events", "audit.images")
# Kills itself after so many steps, or within the one after, when it has entered that it begins.
PROGRAM = """
import os, signal, sys
from psycopg import connect
from warehouse.db.target import primary
from warehouse.partitions import ledger
from warehouse.partitions.apply import apply

left, where = int(sys.argv[1]), sys.argv[2]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def after(step):
    global left
    left -= 1
    if left == 0 and where == "after":
        die()

started = ledger.start

def within(conn, entry):
    started(conn, entry)
    if left == 0 and where == "within":
        die()

ledger.start = within
with connect(**primary().keywords(options="-c timezone=UTC"), autocommit=True) as conn:
    apply(conn, ["trading.transactions"], notify=after)
"""


def a_set_to_drop(scene: Scene) -> None:
    """A month of a set that is to be dropped: five steps, each a place to die."""
    apply(scene.conn, [TRANSACTIONS, *LOGS])
    for parent in (TRANSACTIONS, ITEMS):
        scene.months(parent, 2024, 1, 1)
        scene.policy(parent, retention="2 years", retention_keep_table=False)
        scene.conn.execute(
            "update ops.partition_policy set premake = 1 where parent_table = %s", [parent]
        )
        scene.archived(parent, 2024, 1)
    # The years between are no matter of this test.
    scene.conn.execute(
        "insert into ops.archives (parent_table, partition_name, range_from, range_to, location,"
        " manifest, file_hashes, row_count, byte_count, state, verified_at)"
        " select t, t || '_between', '2024-02-01', date_trunc('month', now() at time zone 'UTC')"
        " at time zone 'UTC', 'file:///a', '{}', '{}', 0, 0, 'verified', now()"
        " from unnest(array['trading.transactions', 'trading.transaction_items']) t"
    )


STAGES = {"booked": a_set_to_drop}


@pytest.fixture
def booked(scene: Scene) -> Scene:
    return scene


def state_of(conn: Connection[Any]) -> tuple[Any, ...]:
    """What there is of the set, and which events there are of it."""
    tables = conn.execute(
        "select relname, relispartition from pg_class where relkind = 'r'"
        " and relname ~ '^transaction(_item)?s_p' order by 1"
    ).fetchall()
    events = conn.execute(
        "select table_name, operation, count(*) from audit.events"
        " where operation in ('detach', 'drop') group by 1, 2 order by 1, 2"
    ).fetchall()
    return tables, events


@pytest.mark.parametrize("where", ["after", "within"])
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5])
def test_the_tool_is_killed_and_run_again(
    conn: Connection[Any], booked: Scene, steps: int, where: str
) -> None:
    done = steps if where == "after" else steps - 1
    command = [sys.executable, "-c", PROGRAM, str(done), where]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    _when_free(lambda: apply(conn, [TRANSACTIONS]))
    assert make_plan(conn, datetime.now(UTC), [TRANSACTIONS]).steps == []
    tables, events = state_of(conn)
    assert not any(name.endswith("p20240101") for name, _ in tables)
    assert events == [
        (table, operation, 1)
        for table in ("transaction_items", "transactions")
        for operation in ("detach", "drop")
    ]
    open_ = conn.execute("select from ops.partition_runs where state in ('planned', 'running')")
    assert open_.rowcount == 0


def test_the_tool_is_killed_while_it_waits_for_a_reader(
    conn: Connection[Any], scene: Scene, session: Session
) -> None:
    scene.months(TRADES, 2024, 1, 1)
    scene.archived(TRADES, 2024, 1)
    reader = session()
    reader.autocommit = False
    reader.execute("select count(*) from trading.trades")
    command = [sys.executable, "-m", "warehouse", "partitions", "detach", TRADES]
    tool = subprocess.Popen([*command, "trades_p20240101", "--lock-timeout", "60000"])
    pending = "select from pg_inherits where inhdetachpending"
    _until(lambda: conn.execute(pending).rowcount == 1)
    tool.kill()
    tool.wait()
    reader.rollback()
    _when_free(lambda: apply(conn, [TRADES]))
    assert conn.execute(pending).rowcount == 0
    assert "trades_p20240101" not in scene.partitions(TRADES)
    events = conn.execute(
        "select from audit.events where table_name = 'trades' and operation = 'detach'"
    )
    assert events.rowcount == 1


# -- servers of their own --------------------------------------------------------------------------


@pytest.fixture
def own(server: Target) -> Iterator[Embedded]:
    """A server of the same version that may be killed."""
    with psycopg.connect(**server.keywords()) as conn:
        row = conn.execute("select setting from pg_config where name = 'BINDIR'").fetchone()
    assert row
    ground = Path(tempfile.mkdtemp(prefix="tapehouse-"))
    ground.chmod(0o755)
    made = Embedded(ground / "home", Path(row[0]), {"max_connections": "30"})
    try:
        yield made
    finally:
        made.destroy()
        shutil.rmtree(ground)


def migrated(own: Embedded) -> Target:
    target = Target(own.ensure_running(), "the test's own server")
    install.make_roles(target)
    install.migrate(target)
    return target


def opened(target: Target) -> Connection[Any]:
    return psycopg.connect(**target.keywords(options="-c timezone=UTC"), autocommit=True)


@pytest.mark.slow
def test_the_server_is_killed_in_the_middle_of_a_detach(own: Embedded, tmp_path: Path) -> None:
    target = migrated(own)
    with opened(target) as conn, closing(opened(target)) as reader, opened(target) as tool:
        scene = Scene(conn, tmp_path)
        scene.months(TRADES, 2024, 1, 2)
        for number in (1, 2):
            scene.archived(TRADES, 2024, number)
        reader.autocommit = False
        reader.execute("select count(*) from trading.trades")
        steps = steps_to_detach(tool, TRADES, "trades_p20240101")
        impatient = Patience(lock_timeout=100, attempts=2, longest_wait=0.1)
        assert run_steps(tool, steps, impatient).failed
        pid = own.status().pid
        assert pid
        os.kill(pid, signal.SIGKILL)
    with opened(Target(own.ensure_running(), "the test's own server")) as conn:
        scene = Scene(conn, tmp_path)
        scene.policy(TRADES, retention="2 years")
        _, outcome = apply(conn, [TRADES])
        assert outcome.failed == []
        kinds = [step.kind.value for step in outcome.done if step.bounds.end <= month(2024, 3)]
        assert kinds == ["finalize", "detach"]
        assert make_plan(conn, datetime.now(UTC), [TRADES]).steps == []


@pytest.mark.slow
def test_the_server_is_killed_in_the_middle_of_an_index(own: Embedded, tmp_path: Path) -> None:
    target = migrated(own)
    index = OnlineIndex("trades_price_idx", "trading", "trades", ("price",))
    invalid = "select from pg_index where not indisvalid and indrelid = to_regclass(%s)"
    with opened(target) as conn, closing(opened(target)) as writer, opened(target) as tool:
        Scene(conn, tmp_path).months(TRADES, 2024, 1, 2)
        writer.autocommit = False
        writer.execute("lock table trading.trades_p20240201 in row exclusive mode")
        with ThreadPoolExecutor() as pool:
            building = pool.submit(add_index, tool, index)
            _until(lambda: conn.execute(invalid, ["trading.trades_p20240201"]).rowcount == 1)
            pid = own.status().pid
            assert pid
            os.kill(pid, signal.SIGKILL)
            with pytest.raises((psycopg.Error, WarehouseError)):
                building.result(30)
    with opened(Target(own.ensure_running(), "the test's own server")) as conn:
        steps = add_index(conn, index)
        assert {step.table for step in steps} == {"trades_p20240201"}
        assert conn.execute("select from pg_index where not indisvalid").rowcount == 0
        open_ = "select from ops.partition_runs where state in ('planned', 'running')"
        assert conn.execute(open_).rowcount == 0


@pytest.mark.slow
def test_nothing_is_done_on_a_replica(own: Embedded) -> None:
    migrated(own)
    data = own.status().data
    own.stop()
    (data / "standby.signal").touch()
    target = Target(own.ensure_running(), "the test's own server")
    with opened(target) as conn:
        assert conn.execute("select pg_is_in_recovery()").fetchone() == (True,)
        assert make_plan(conn, datetime.now(UTC)).steps
        with pytest.raises(OnReplica, match="nothing was done"):
            apply(conn)
    environment = os.environ | {"WAREHOUSE_DATABASE_URL": target.conninfo}
    command = [sys.executable, "-m", "warehouse", "partitions", "apply"]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert told.returncode == 0
    assert "This server is a replica" in told.stdout


def _until(happened: Callable[[], bool], patience: float = 30.0) -> None:
    deadline = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _when_free(work: Callable[[], Any]) -> None:
    """A killed client's session lives until the server notices; till then the lock is taken."""

    def tried() -> bool:
        try:
            work()
        except BusyError:
            return False
        return True

    _until(tried)
