"""Killed at any point, the tool or the server, and run again: the end is the same."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection, connect

from tests.partitions.archive.conftest import PARTITION, SIGNALS, differing, signals
from tests.partitions.archive.test_restore import Aside
from warehouse.db.target import Target
from warehouse.embedded import Embedded
from warehouse.errors import WarehouseError
from warehouse.jobs import install
from warehouse.partitions.archive import archive, restore, rows
from warehouse.partitions.archive.write import Layout

# Kills itself where `point` says: `module.function` and how many calls of it go well before.
PROGRAM = """
import importlib, os, signal, sys
from psycopg import connect
from warehouse.db.target import primary
from warehouse.partitions.archive import archive, restore, rows, write

what, point, left, where = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
rows.ROWS_A_CHUNK = 250
path, _, name = point.rpartition(".")
owner = importlib.import_module(path) if path.islower() else getattr(
    importlib.import_module(path.rpartition(".")[0]), path.rpartition(".")[2])
really = getattr(owner, name)

def doomed(*args, **more):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    return really(*args, **more)

setattr(owner, name, doomed)
with connect(**primary().keywords(), autocommit=True) as conn:
    if what == "archive":
        layout = write.Layout(rows_a_group=500, rows_a_file=1000)
        archive(conn, "trading.signals", "signals_p20260101", where, layout)
    else:
        restore(conn, int(where))
"""
PACKAGE = "warehouse.partitions.archive"


def kill(what: str, point: str, left: int, where: str) -> None:
    """Run the tool until it kills itself."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, what, point, str(left), where],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr


@pytest.mark.parametrize(
    ("point", "left"),
    [
        (f"{PACKAGE}.records.finish", 0),  # the manifest is there, the database does not know
        (f"{PACKAGE}.make.prove", 0),  # the database knows, nothing was read back
        (f"{PACKAGE}.make._write", 0),  # nothing is written yet
        (f"{PACKAGE}.write.decode", 0),
        (f"{PACKAGE}.write.decode", 7),  # in the middle of the second file
        (f"{PACKAGE}.make._seal", 0),  # all files are there, the manifest is not
        (f"{PACKAGE}.records.mark", 0),  # all is proved and not said
    ],
)
def test_the_tool_is_killed_while_it_archives_and_run_again(
    conn: Connection[Any], tmp_path: Path, point: str, left: int
) -> None:
    url = f"file://{tmp_path}/archives"
    kill("archive", point, left, url)
    found = conn.execute("select count(*) from trading.signals").fetchone()
    assert found == (3000,)
    unverified = conn.execute("select count(*) from ops.archives where verified_at is not null")
    assert unverified.fetchone() == (0,)

    archived = archive(conn, SIGNALS, PARTITION, url)
    assert archived.state == "verified"
    assert conn.execute("select count(*) from ops.archives").fetchone() == (1,)
    folders = {path.parent for path in tmp_path.rglob("*") if path.is_file()}
    assert folders == {Path(archived.location.removeprefix("file://"))}, "leftovers"
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize(
    ("point", "left"),
    [
        (f"{PACKAGE}.load._fill", 0),  # the table is made and empty
        (f"{PACKAGE}.read.encode", 2),  # in the middle of the rows
        ("warehouse.partitions.making.prepare", 0),  # the rows are in, without index and key
        ("warehouse.partitions.making._prepare_keys", 0),
        ("warehouse.partitions.making.attach", 0),  # all but the attach
    ],
)
def test_the_tool_is_killed_while_it_restores_and_run_again(
    conn: Connection[Any], url: str, small: Layout, keep_aside: Aside, point: str, left: int
) -> None:
    archived = archive(conn, SIGNALS, PARTITION, url, small)
    original = keep_aside(SIGNALS, PARTITION)
    kill("restore", point, left, str(archived.archive_id))
    assert conn.execute("select count(*) from trading.signals").fetchone() == (0,)

    assert restore(conn, archived.archive_id).state == "restored"
    assert differing(conn, PARTITION, original) == 0
    tables = conn.execute(
        "select count(*) from pg_class where relname like 'signals_p2026%%' and relkind = 'r'"
        " and relnamespace = 'trading'::regnamespace"
    )
    assert tables.fetchone() == (1,)
    events = conn.execute("select count(*) from audit.events where operation = 'restore'")
    assert events.fetchone() == (1,)


# -- the server ------------------------------------------------------------------------------------


@pytest.fixture
def own(server: Target) -> Iterator[Embedded]:
    """A server that may be killed, of the version that the tests run on."""
    with connect(**server.keywords()) as conn:
        row = conn.execute("select setting from pg_config where name = 'BINDIR'").fetchone()
    assert row
    # Its account must reach its data, which it could not below a folder that is the tests' own.
    home = Path(tempfile.mkdtemp(prefix="tapehouse-archive-"))
    home.chmod(0o755)
    made = Embedded(home / "server", Path(row[0]), {"max_connections": "30"})
    yield made
    made.destroy()
    shutil.rmtree(home)


@pytest.mark.slow
def test_the_server_is_killed_in_the_middle_of_an_archive_and_of_a_restore(
    own: Embedded, url: str, small: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = Target(own.ensure_running(), "a server of the test's own")
    install.make_roles(target)
    install.migrate(target)
    signals(target)

    def doomed(really: Any, last: int, conn: Connection[Any]) -> Any:
        """The session's process goes too: it would not notice before it waits for its client."""
        backend, pid, calls = conn.info.backend_pid, own.status().pid, count(1)

        def call(*args: Any) -> Any:
            if next(calls) == last and pid:  # threads call it, too
                os.kill(pid, signal.SIGKILL)
                os.kill(backend, signal.SIGKILL)
            return really(*args)

        return call

    with monkeypatch.context() as patch, connect(**target.keywords(), autocommit=True) as conn:
        patch.setattr(f"{PACKAGE}.write.decode", doomed(rows.decode, 4, conn))
        with pytest.raises(WarehouseError):
            archive(conn, SIGNALS, PARTITION, url, small)

    own.ensure_running()
    with connect(**target.keywords(), autocommit=True) as conn:
        assert conn.execute("select state from ops.archives").fetchall() == [("writing",)]
        archived = archive(conn, SIGNALS, PARTITION, url, small)
        assert archived.state == "verified"
        conn.execute("alter table trading.signals detach partition trading.signals_p20260101")
        conn.execute("alter table trading.signals_p20260101 rename to signals_before")

    with monkeypatch.context() as patch, connect(**target.keywords(), autocommit=True) as conn:
        patch.setattr(f"{PACKAGE}.read.encode", doomed(rows.encode, 2, conn))
        with pytest.raises(WarehouseError):
            restore(conn, archived.archive_id)

    own.ensure_running()
    with connect(**target.keywords(), autocommit=True) as conn:
        assert conn.execute("select count(*) from trading.signals").fetchone() == (0,)
        assert restore(conn, archived.archive_id).state == "restored"
        assert differing(conn, PARTITION, "trading.signals_before") == 0
