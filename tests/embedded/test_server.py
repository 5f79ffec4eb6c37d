"""A server is made whole, kept private, and does what it was set to do."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.embedded.conftest import DEBIAN, Make, as_root, ask, do, setting
from warehouse.embedded import Embedded, account, embedded_conninfo, places, psql_path, records
from warehouse.errors import ServerError
from warehouse.settings import CHECKOUT


def test_a_new_server_is_as_the_warehouse_wants_it(make: Make, bin_dir: Path) -> None:
    server = make(bin_dir=bin_dir)
    conninfo = server.ensure_running()
    status = server.status()

    assert ask(conninfo, "select current_database()") == "warehouse"
    assert ask(conninfo, "select rolsuper from pg_roles where rolname = 'warehouse'") is True
    assert status.running
    assert status.version == setting(conninfo, "server_version").split()[0]
    assert status.data == Path(setting(conninfo, "data_directory"))
    expected = {
        "timezone": "UTC",
        "data_checksums": "on",
        "server_encoding": "UTF8",
        "shared_preload_libraries": "pg_stat_statements",
        "max_wal_size": "4GB",
        "jit": "off",
        "fsync": "off",
        "shared_buffers": "16MB",
    }
    assert {name: setting(conninfo, name) for name in expected} == expected
    # C.UTF-8: code points sort, and letters beyond ASCII have an upper case.
    assert ask(conninfo, "select 'a' > 'Z' and 'é' > 'z' and upper('é') = 'É'") is True
    provider = "select datlocprovider::text from pg_database where datname = current_database()"
    assert ask(conninfo, provider) == ("c" if bin_dir == DEBIAN else "b")


def test_only_the_password_opens_it_and_only_from_this_machine(shared: Embedded) -> None:
    conninfo = shared.ensure_running()
    assert setting(conninfo, "listen_addresses") == "127.0.0.1"
    assert setting(conninfo, "unix_socket_directories") == ""
    methods = "select string_agg(distinct auth_method, ',') from pg_hba_file_rules"
    assert ask(conninfo, methods) == "scram-sha-256"
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(conninfo, password="guessed")


def test_the_password_is_readable_by_its_owner_alone(shared: Embedded) -> None:
    assert (shared.home / "server.password").stat().st_mode & 0o777 == 0o600
    assert shared.status().data.stat().st_mode & 0o777 == 0o700


def test_each_server_draws_a_password_of_its_own(tmp_path: Path) -> None:
    first, second = records.new_password(tmp_path), records.new_password(tmp_path)
    assert first != second == records.password(tmp_path)
    assert len(second) >= 32


def test_the_connection_string_is_known_without_starting_anything(shared: Embedded) -> None:
    running = shared.ensure_running()
    shared.stop()
    assert embedded_conninfo(shared.home) == running
    assert not shared.status().running


def test_without_a_server_the_way_to_one_is_told(ground: Path) -> None:
    nowhere = ground / "nowhere"
    with pytest.raises(ServerError, match=r"no server yet: run `make up`.*PGHOST"):
        embedded_conninfo(nowhere)
    status = Embedded(nowhere).status()
    assert (status.running, status.pid, status.port, status.version) == (False, None, None, None)
    assert psql_path(nowhere) is None
    Embedded(nowhere).stop()
    Embedded(nowhere).destroy()
    assert not nowhere.exists()


def test_a_second_call_finds_it_running(shared: Embedded) -> None:
    assert shared.ensure_running() == shared.ensure_running()


def test_stop_keeps_the_data_and_start_finds_it(shared: Embedded) -> None:
    first = shared.ensure_running()
    do(first, "create table if not exists kept as select 1 as one")
    pid = shared.status().pid
    shared.stop()
    shared.stop()
    second = shared.ensure_running()
    assert second == first
    assert shared.status().pid != pid
    assert ask(second, "select one from kept") == 1


def test_destroy_leaves_no_server_and_no_data(make: Make) -> None:
    server = make()
    conninfo = server.ensure_running()
    server.destroy()
    server.destroy()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(conninfo)
    with pytest.raises(ServerError, match="no server yet"):
        embedded_conninfo(server.home)
    assert {path.name for path in server.home.iterdir()} == {"server.lock"}


def test_the_unpacked_psql_runs(shared: Embedded) -> None:
    psql = psql_path(shared.home)
    assert psql
    command = [str(psql), "-XAtc", "select 'hello'", shared.ensure_running()]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stdout == "hello\n"


def test_ctrl_c_at_its_starter_leaves_it_running(shared: Embedded) -> None:
    shared.stop()
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, shared.home],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=CHECKOUT,
        start_new_session=True,
    )
    with starter:
        assert starter.stdout
        conninfo = starter.stdout.readline().decode()
        os.killpg(starter.pid, signal.SIGINT)
    assert starter.returncode == -signal.SIGINT
    assert ask(conninfo, "select 1") == 1


STARTER = """
import sys, time
from pathlib import Path
from warehouse.embedded import Embedded
print(Embedded(Path(sys.argv[1]), options={"fsync": "off"}).ensure_running(), flush=True)
time.sleep(60)
"""


@as_root
def test_root_runs_it_as_somebody_without_rights(shared: Embedded) -> None:
    shared.ensure_running()
    status = shared.status()
    process = Path(f"/proc/{status.pid}")
    assert process.stat().st_uid == status.data.stat().st_uid != 0
    groups = next(
        line for line in (process / "status").read_text().splitlines() if line.startswith("Groups:")
    )
    assert groups.split()[1:] == []


@as_root
def test_without_a_user_postgres_root_runs_it_as_nobody(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "STAND_INS_FOR_ROOT", ("no-such-user", "nobody"))
    server = make(bin_dir=None)
    server.ensure_running()
    assert server.status().data.owner() == "nobody"
    monkeypatch.undo()
    server.stop()
    server.ensure_running()
    assert server.status().data.owner() == "nobody"


@as_root
def test_a_home_that_its_user_cannot_reach_gets_a_folder_elsewhere(
    make: Make, ground: Path
) -> None:
    closed = ground / "closed"
    closed.mkdir(mode=0o700)
    server = make(closed / "checkout" / ".warehouse", bin_dir=None)
    conninfo = server.ensure_running()
    data = server.status().data
    assert data == Path(setting(conninfo, "data_directory"))
    assert data.parents[1] == places.STAND_INS
    assert data.parent.name.startswith("checkout-")
    assert (server.home / "server").readlink() == data.parent
    server.destroy()
    assert not data.parent.exists()
    assert not (server.home / "server").is_symlink()
