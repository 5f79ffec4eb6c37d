"""Whatever a killed run, a killed server or a neighbour left behind, the next run mends it."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.embedded.conftest import Make, ask, do
from warehouse.embedded import Embedded, binaries, embedded_conninfo, failures, ports, postmaster
from warehouse.embedded.account import server_account
from warehouse.embedded.lock import exclusive
from warehouse.embedded.places import places
from warehouse.errors import BusyError, ServerError
from warehouse.settings import CHECKOUT

PROGRAM = """
import sys
from pathlib import Path
from warehouse.embedded import Embedded
home, *bin_dir = map(Path, sys.argv[1:])
print(Embedded(home, *bin_dir, options={"fsync": "off"}).ensure_running())
"""


def ensure_elsewhere(server: Embedded) -> subprocess.Popen[str]:
    """Call ensure_running in a process of its own."""
    paths = [server.home, server.bin_dir] if server.bin_dir else [server.home]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *paths],
        stdout=subprocess.PIPE,
        cwd=CHECKOUT,
        text=True,
    )


def kill(server: Embedded) -> int:
    """Kill the server as a crash would; its process id."""
    pid = server.status().pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    return pid


def bound(port: int) -> socket.socket:
    """Take a port."""
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    taken.bind(("127.0.0.1", port))
    taken.listen()
    return taken


def port_of(server: Embedded) -> int:
    port = server.status().port
    assert port
    return port


# -- killed servers --------------------------------------------------------------------------------


def test_a_killed_server_recovers_what_was_committed(make: Make, bin_dir: Path) -> None:
    server = make(bin_dir=bin_dir, fsync="on")
    conninfo = server.ensure_running()
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute("create table kept as select generate_series(1, 1000) as number")
        pid = kill(server)
        assert ask(server.ensure_running(), "select count(*) from kept") == 1000
    assert server.status().pid != pid


def test_a_process_id_that_went_to_another_server_is_not_believed(
    make: Make, shared: Embedded
) -> None:
    shared.ensure_running()
    stranger = shared.status().pid
    server = make()
    server.ensure_running()
    pid_file = server.status().data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    kill(server)
    pid_file.write_text("\n".join([str(stranger), *lines[1:]]) + "\n")

    assert not server.status().running
    server.stop()
    assert ask(server.ensure_running(), "select 1") == 1
    assert shared.status().pid == stranger


def test_an_empty_pid_file_does_not_keep_it_from_starting(shared: Embedded) -> None:
    shared.stop()
    (shared.status().data / "postmaster.pid").touch()
    assert ask(shared.ensure_running(), "select 1") == 1


def test_a_server_without_its_database_gets_it(shared: Embedded) -> None:
    conninfo = shared.ensure_running()
    do(conninfo.replace("dbname=warehouse", "dbname=postgres"), "drop database warehouse")
    assert ask(shared.ensure_running(), "select current_database()") == "warehouse"


def test_to_start_one_that_runs_is_no_error(shared: Embedded) -> None:
    shared.ensure_running()
    pid = shared.status().pid
    here = places(shared.home)
    postmaster.start(here, binaries.find(None, here, server_account(here.data)))
    assert shared.status().pid == pid


# -- killed runs -----------------------------------------------------------------------------------


def test_a_run_killed_while_it_makes_the_data_folder_is_mended(make: Make) -> None:
    server = make()
    data = server.status().data
    with ensure_elsewhere(server) as run:
        while not list(data.parent.glob("data.partial.*/base")):
            assert run.poll() is None
        run.kill()
    # Its initdb lives on for a moment, and the next run waits for that.
    with pytest.raises(BusyError), exclusive(places(server.home).lock, patience=0):
        pass
    assert not data.exists()
    assert ask(server.ensure_running(), "select 1") == 1
    assert list(data.parent.glob("*.partial.*")) == []


def test_a_run_killed_while_its_server_recovers_is_mended(shared: Embedded) -> None:
    conninfo = shared.ensure_running()
    do(conninfo, "create table if not exists big as select generate_series(1, 300000) as number")
    dead = kill(shared)
    with ensure_elsewhere(shared) as run:
        while (pid := shared.status().pid) in {None, dead}:
            assert run.poll() is None
        run.kill()
    assert ask(shared.ensure_running(), "select count(*) from big") == 300000
    assert shared.status().pid == pid


@pytest.mark.parametrize("stopped", [True, False])
def test_a_lost_record_is_written_anew(shared: Embedded, stopped: bool) -> None:
    shared.ensure_running()
    if stopped:
        shared.stop()
    (shared.home / "server.json").unlink()
    assert shared.ensure_running() == embedded_conninfo(shared.home)


# -- neighbours ------------------------------------------------------------------------------------


def test_two_runs_at_once_make_one_server(make: Make) -> None:
    server = make()
    runs = [ensure_elsewhere(server) for _ in range(2)]
    first, second = (run.communicate(timeout=60)[0] for run in runs)
    assert first == second == embedded_conninfo(server.home) + "\n"
    assert server.status().log.read_text().count("ready to accept connections") == 1


def test_patience_with_another_run_ends(ground: Path) -> None:
    lock = ground / "lock"
    with exclusive(lock, patience=0), pytest.raises(BusyError), exclusive(lock, patience=0.1):
        pass
    with exclusive(lock, patience=0):
        pass


def test_a_chosen_port_that_somebody_took_is_changed(shared: Embedded) -> None:
    shared.ensure_running()
    port = port_of(shared)
    shared.stop()
    with bound(port):
        conninfo = shared.ensure_running()
    assert port_of(shared) != port
    assert conninfo == embedded_conninfo(shared.home)
    assert ask(conninfo, "select 1") == 1


def test_a_chosen_port_that_is_taken_at_the_last_moment_is_changed(
    shared: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared.stop()
    free, port = ports.pick, port_of(shared)
    picks = iter([(port, True)])
    monkeypatch.setattr(ports, "pick", lambda last: next(picks, None) or free(last))
    with bound(port):
        assert ask(shared.ensure_running(), "select 1") == 1
    assert port_of(shared) != port


def test_a_set_port_that_is_taken_is_an_error_that_names_it(
    shared: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared.stop()
    with bound(0) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("WAREHOUSE_EMBEDDED_PORT", str(port))
        with pytest.raises(ServerError, match=rf"Port {port}, set in WAREHOUSE_EMBEDDED_PORT"):
            shared.ensure_running()
    assert f"port={port} " in shared.ensure_running()


# -- what cannot be mended -------------------------------------------------------------------------


def test_data_of_another_major_version_is_left_alone(shared: Embedded) -> None:
    shared.stop()
    made = shared.status().data / "PG_VERSION"
    version = made.read_text()
    made.write_text("15\n")
    with pytest.raises(
        ServerError, match=r"made by PostgreSQL 15, .* is PostgreSQL 18\.\d.*pg_upgrade"
    ):
        shared.ensure_running()
    made.write_text(version)
    assert ask(shared.ensure_running(), "select 1") == 1


def test_a_disk_that_is_too_full_is_told_before_anything_is_made(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "SPACE_FOR_A_SERVER", 2**60)
    server = make()
    with pytest.raises(ServerError, match=r"is too full \(\d+ MiB free, .*free some space"):
        server.ensure_running()
    assert list(server.status().data.parent.iterdir()) == []
    monkeypatch.undo()
    assert ask(server.ensure_running(), "select 1") == 1


def test_a_setting_the_server_refuses_is_named(shared: Embedded) -> None:
    shared.stop()
    wrong = Embedded(shared.home, options={"no_such_setting": "1"})
    with pytest.raises(ServerError, match=r'did not start: .*"no_such_setting".*server\.log'):
        wrong.ensure_running()
    assert ask(shared.ensure_running(), "select 1") == 1


def test_a_folder_without_programs_is_named(make: Make, ground: Path) -> None:
    with pytest.raises(ServerError, match="it holds no program named postgres"):
        make(bin_dir=ground).ensure_running()


def test_a_lost_password_is_told_with_the_way_on(shared: Embedded) -> None:
    password = shared.home / "server.password"
    kept = password.rename(password.with_suffix(".kept"))
    with pytest.raises(ServerError, match=r"password file .* is gone: put it back, or"):
        shared.ensure_running()
    kept.rename(password)
    assert ask(shared.ensure_running(), "select 1") == 1


def test_an_outgrown_log_is_put_aside(shared: Embedded) -> None:
    shared.stop()
    log = shared.status().log
    os.truncate(log, 17 * 2**20)
    shared.ensure_running()
    assert log.stat().st_size < 2**20
    assert log.with_suffix(".log.old").stat().st_size == 17 * 2**20
