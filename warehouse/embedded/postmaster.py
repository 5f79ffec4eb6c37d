"""The running server: whether it runs, starting it, stopping it.

PostgreSQL's postmaster.pid says who serves a data folder, but outlives a killed server, and its
process id may since belong to somebody else: after a container's restart often to another server.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from warehouse.embedded.binaries import Binaries
from warehouse.embedded.failures import MEBIBYTE, failed
from warehouse.embedded.places import Places
from warehouse.errors import ServerError

T = TypeVar("T")

# Crash recovery replays up to max_wal_size.
START_TIMEOUT = 600
STOP_TIMEOUT = 120
ORPHANS_TIMEOUT = 30
PID_FILE_TIMEOUT = 1
POLL = 0.05
LONGEST_LOG = 16 * MEBIBYTE


@dataclass(frozen=True)
class Postmaster:
    """A live server's main process, as postmaster.pid tells it."""

    pid: int
    port: int
    ready: bool


class StartError(ServerError):
    """The server ended before it was ready."""

    def __init__(self, log: str, here: Places) -> None:
        super().__init__(
            f"{failed('PostgreSQL did not start', log, here.folder)} ({here.log}) If its data is "
            "damaged, `warehouse down --destroy` deletes it, and `warehouse up` makes it anew."
        )
        self.port_taken = "Address already in use" in log
        self.orphans_live = "pre-existing shared memory block" in log


def running(data: Path) -> Postmaster | None:
    """The server of this data folder, or None."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        pid, recorded, port = int(lines[0]), Path(lines[1]), int(lines[3])
    except (FileNotFoundError, ValueError, IndexError):
        return None
    if not _serves(pid, data, recorded):
        return None
    return Postmaster(pid, port, ready=len(lines) > 7 and lines[7].strip() == "ready")


def _serves(pid: int, data: Path, recorded: Path) -> bool:
    command = _command(pid)
    if "postgres" not in command:
        return False
    # A folder that was moved while its server ran is still served from under its old name.
    return f"-D {data} " in command or not recorded.exists()


def _command(pid: int) -> str:
    """A process's command line and a blank; empty when it is dead or not yet reaped."""
    if not Path("/proc/self/cmdline").exists():
        asked = ["ps", "-o", "command=", "-p", str(pid)]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout + " "
    try:
        return (
            Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        )
    except (FileNotFoundError, ProcessLookupError):
        return ""


def settled(here: Places) -> Postmaster | None:
    """The server once it takes connections; None once it has ended, or where there is none."""

    def over() -> bool:
        server = running(here.data)
        return server is None or server.ready

    if not _poll(over, START_TIMEOUT):
        raise ServerError(
            f"PostgreSQL has been starting or stopping for over {START_TIMEOUT // 60} minutes and "
            f"goes on, see {here.log}; run the command again to go on waiting."
        )
    return running(here.data)


def start(here: Places, binaries: Binaries) -> None:
    """Start the server; it takes connections once it has settled."""
    deadline = time.monotonic() + ORPHANS_TIMEOUT
    while True:
        try:
            return _start_once(here, binaries)
        except StartError as error:
            # The processes of a killed server end by themselves, but not at once.
            if not error.orphans_live or time.monotonic() > deadline:
                raise
            time.sleep(POLL)


def _start_once(here: Places, binaries: Binaries) -> None:
    _remove_false_pid_file(here.data)
    written = _trimmed(here.log)
    told = binaries.run(
        "pg_ctl",
        "start",
        "--silent",
        f"--timeout={START_TIMEOUT}",
        "--pgdata",
        here.data,
        "--log",
        here.log,
        timeout=START_TIMEOUT + 30,
        leaves_behind=True,
    )
    # It may still recover, or be one that a killed run had sent off a moment ago.
    if told.returncode and not running(here.data):
        raise StartError(_since(here.log, written) or told.stderr or told.stdout, here)


def _remove_false_pid_file(data: Path) -> None:
    """Remove a postmaster.pid that names nobody or a stranger, which PostgreSQL would believe.

    One that names a dead process is left: by it the server finds out about orphans that live on.
    """
    # A server writes its file in one go, but creates it a moment before.
    _poll(lambda: _recorded_pid(data) != 0, PID_FILE_TIMEOUT)
    pid = _recorded_pid(data)
    if pid == 0 or (pid and _alive(pid) and running(data) is None):
        (data / "postmaster.pid").unlink(missing_ok=True)


def _recorded_pid(data: Path) -> int | None:
    """The process that postmaster.pid names; 0 when it names none, None without the file."""
    try:
        return int((data / "postmaster.pid").read_text().partition("\n")[0])
    except FileNotFoundError:
        return None
    except ValueError:
        return 0


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _trimmed(log: Path) -> int:
    """The log's length, after it was put aside if it had grown too long."""
    if not log.exists():
        return 0
    length = log.stat().st_size
    if length <= LONGEST_LOG:
        return length
    log.replace(log.with_suffix(".log.old"))
    return 0


def _since(log: Path, offset: int) -> str:
    with contextlib.suppress(FileNotFoundError), log.open("rb") as file:
        file.seek(offset)
        return file.read().decode(errors="replace")
    return ""


def stop(data: Path, at_once: bool = False) -> None:
    """End the server if it runs: sessions are cut off, and committed work is kept.

    `at_once` skips the last checkpoint, which data about to be deleted can do without.
    """
    server = running(data)
    if server is None:
        return
    os.kill(server.pid, signal.SIGQUIT if at_once else signal.SIGINT)
    if not _poll(lambda: running(data) is None, STOP_TIMEOUT):
        raise ServerError(
            f"PostgreSQL (process {server.pid}) has not ended within {STOP_TIMEOUT} s, it may be "
            "writing its last checkpoint; run the command again to go on waiting."
        )


def _poll(condition: Callable[[], T], timeout: float) -> T:
    """Ask until the answer is true or the time is up; the last answer."""
    deadline = time.monotonic() + timeout
    while not (answer := condition()) and time.monotonic() < deadline:
        time.sleep(POLL)
    return answer
