"""A log that was dumped and restored goes on being read where it was."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection, connect

from tests.audit.test_events import BARS, RESTATE
from tests.conftest import RUN
from tests.server import OPTIONS, embedded
from warehouse.audit.rebase import is_foreign, rebase
from warehouse.db.target import Target
from warehouse.embedded import Embedded
from warehouse.jobs import install

UNREAD = (
    "select e.table_name || ' ' || e.operation"
    " from audit.events_between(audit.read_cursor(%s), audit.current_snapshot()) as e"
    " where e.operation in ('insert', 'update') and e.table_schema = 'market'"
)


def read_all(conn: Connection[Any], consumer: str) -> None:
    with conn.transaction():
        conn.execute("select audit.read_cursor(%s)", [consumer])
        conn.execute("select audit.move_cursor(%s, audit.current_snapshot())", [consumer])


def unread(conn: Connection[Any], consumer: str) -> list[str]:
    return [said for (said,) in conn.execute(UNREAD, [consumer])]


@pytest.fixture
def programs() -> Path:
    """The programs of the server that the tests run on."""
    chosen = os.environ.get("TAPEHOUSE_TEST_BIN")
    if chosen:
        return Path(chosen)
    data = embedded(int(os.environ[RUN])).status().data
    return next(data.parent.glob("binaries-*/bin"))


@pytest.fixture
def elsewhere(programs: Path) -> Iterator[Target]:
    """A new server, which has given fewer transaction ids than the tests' own."""
    home = Path(tempfile.mkdtemp(prefix="tapehouse-"))
    home.chmod(0o755)
    own = Embedded(home / "restored", programs, OPTIONS)
    try:
        target = Target(own.ensure_running(), "the server restored to")
        install.make_roles(target)
        yield target
    finally:
        own.destroy()
        shutil.rmtree(home)


def move(programs: Path, database: Target, elsewhere: Target) -> None:
    """By pg_dump and pg_restore, as an operator would."""
    known = os.environ | {"LD_LIBRARY_PATH": str(programs.parent / "lib")}
    dump: list[str | Path] = [
        programs / "pg_dump",
        "--format=custom",
        "--dbname",
        database.conninfo,
    ]
    restore: list[str | Path] = [
        programs / "pg_restore",
        "--single-transaction",
        "--dbname",
        elsewhere.conninfo,
    ]
    with subprocess.Popen(dump, env=known, stdout=subprocess.PIPE) as dumped:
        subprocess.run(restore, env=known, stdin=dumped.stdout, check=True)
    assert dumped.returncode == 0


def test_readers_of_a_restored_log_go_on_where_they_were(
    conn: Connection[Any], database: Target, programs: Path, elsewhere: Target
) -> None:
    read_all(conn, "idle")
    conn.execute(BARS)
    read_all(conn, "busy")
    conn.execute(RESTATE)
    # The new server has given few ids yet: the log's are far ahead of it.
    conn.execute(
        "do $$ begin for i in 1..1000 loop perform pg_current_xact_id(); commit; end loop; end $$"
    )
    wanted = {reader: unread(conn, reader) for reader in ("idle", "busy")}
    assert wanted == {"idle": ["bars insert", "bars update"], "busy": ["bars update"]}
    move(programs, database, elsewhere)
    with connect(**elsewhere.keywords(), autocommit=True) as moved:
        assert is_foreign(moved)
        assert unread(moved, "idle") == []
        rebase(moved)
        assert not is_foreign(moved)
        # What one of the readers had not read yet, the others may read for the second time.
        assert unread(moved, "idle") == unread(moved, "busy") == wanted["idle"]
        read_all(moved, "busy")
        moved.execute(RESTATE)
        assert unread(moved, "busy") == ["bars update"]
