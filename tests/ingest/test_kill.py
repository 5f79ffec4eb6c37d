"""A load that is killed anywhere, or loses its server, and is run again ends as if it had run once."""

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg import connect

from tests.ingest.conftest import WORLD, Desk, program, trades
from warehouse.db.target import Target
from warehouse.embedded import Embedded
from warehouse.errors import WarehouseError
from warehouse.ingest import lines, run
from warehouse.jobs import install
from warehouse.partitions.apply import ensure_log

# Kills itself where `point` says: an attribute and how many calls of it go well before.
PROGRAM = """
import importlib, os, signal, sys
from warehouse.ingest import direct, lines

path, point, left = sys.argv[1], sys.argv[2], int(sys.argv[3])
lines.BLOCK, direct.MANY = 2000, 20
module, _, name = point.rpartition(".")
try:
    owner = importlib.import_module(module)
except ModuleNotFoundError:
    owner = getattr(importlib.import_module(module.rpartition(".")[0]), module.rpartition(".")[2])
really = getattr(owner, name)

def doomed(*args, **more):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    return really(*args, **more)

setattr(owner, name, doomed)
from warehouse.cli import main
sys.argv = ["warehouse", "ingest", "trades", path, "--create-instruments"]
main()
"""
ROWS = [
    f"acc-{1 + n % 2},x{n % 290},2026-0{1 + n % 2}-05T14:{n // 60:02}:{n % 60:02}Z,,,N{n % 3},buy,1,1.5"
    for n in range(300)
]
TRUTH = (300, 290, 290, 290, 10)


def outcome(desk: Desk) -> tuple[int, ...]:
    """Rows read, loaded, in the table, in the positions, and rejects: of the one load there is."""
    read, loaded = desk.one("select read_count, loaded_count from ops.ingest_batches")
    held = desk.one("select coalesce(sum(quantity), 0) from trading.positions")
    return read, loaded, desk.count("trading.trades"), int(held), desk.count("ops.ingest_rejects")


@pytest.mark.parametrize(
    ("point", "left"),
    [
        ("warehouse.ingest.instruments.query", 0),  # before the instruments are added
        ("warehouse.ingest.room.Room._ensure", 1),  # between two partitions
        ("warehouse.ingest.direct.copy", 0),
        ("warehouse.ingest.encode.lay_out", 3),  # in the middle of a COPY
        ("warehouse.ingest.merge.Merge._by_stage", 0),
        ("warehouse.ingest.run.apply_fills", 0),
        ("warehouse.ingest.batch.Batch.file", 0),
        ("warehouse.ingest.rejects.Spool.file", 0),  # all but the rejects and the commit
    ],
)
def test_the_tool_is_killed_and_run_again(desk: Desk, point: str, left: int) -> None:
    path = desk.file(trades(*ROWS))
    ended = program(PROGRAM, str(path), point, str(left))
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    for table in (
        "trading.trades",
        "trading.external_ids",
        "trading.positions",
        "ops.ingest_batches",
    ):
        assert desk.count(table) == 0
    assert desk.one("select count(*) from audit.events where batch_id is not null") == 0

    desk.load("trades", path, creates_instruments=True)
    assert outcome(desk) == TRUTH
    assert desk.load("trades", path).repeats


def test_two_loads_of_one_content_at_once_are_one(desk: Desk) -> None:
    path = desk.file(trades(*ROWS))
    found: list[Any] = []
    threads = [
        threading.Thread(
            target=lambda: found.append(desk.load("trades", path, creates_instruments=True))
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.repeats for result in found) == [False, True]
    assert outcome(desk) == TRUTH


# -- the server ------------------------------------------------------------------------------------


@pytest.fixture
def own(server: Target) -> Iterator[Embedded]:
    """A server that may be killed, of the version that the tests run on."""
    with connect(**server.keywords()) as conn:
        row = conn.execute("select setting from pg_config where name = 'BINDIR'").fetchone()
    assert row
    # Its account must reach its data, which it could not below a folder that is the tests' own.
    home = Path(tempfile.mkdtemp(prefix="tapehouse-ingest-"))
    home.chmod(0o755)
    made = Embedded(home / "server", Path(row[0]), {"max_connections": "30"})
    yield made
    made.destroy()
    shutil.rmtree(home)


@pytest.mark.slow
def test_the_server_is_killed_in_the_middle_and_comes_back(
    own: Embedded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = Target(own.ensure_running(), "a server of the test's own")
    install.make_roles(target)
    install.migrate(target)
    desk = Desk(target, tmp_path)
    ensure_log(desk.conn)
    desk.conn.execute(WORLD)
    desk.conn.close()
    path = desk.file(trades(*ROWS))

    def doomed(conn: Any) -> int:
        """The session's process goes too: it would not notice before it waits for its client."""
        pid, backend = own.status().pid, conn.info.backend_pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        os.kill(backend, signal.SIGKILL)
        conn.execute("select")
        raise AssertionError

    with monkeypatch.context() as patch:
        patch.setattr(lines, "BLOCK", 2000)
        patch.setattr(run, "apply_fills", doomed)
        with pytest.raises(WarehouseError, match="Is the server running"):
            desk.load("trades", path, creates_instruments=True)

    own.ensure_running()
    desk.conn = desk.connect()
    assert desk.count("trading.trades") == desk.count("ops.ingest_batches") == 0
    desk.load("trades", path, creates_instruments=True)
    assert outcome(desk) == TRUTH
    desk.conn.close()
