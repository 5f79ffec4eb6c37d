"""`warehouse serve`: the read API, in the foreground or beside the server that `up` starts."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from warehouse.errors import ServerError
from warehouse.settings import ApiSettings

COMMAND = (sys.executable, "-m", "api")
START_SECONDS = 30.0
STOP_SECONDS = 15.0


def serve() -> None:
    """Serve the read API until it is interrupted.

    Example: WAREHOUSE_API_PORT=8001 warehouse serve
    """
    require_free_port()
    os.execv(COMMAND[0], COMMAND)  # noqa: S606


def start_api(home: Path) -> bool:
    """Start the API in the background and wait until it answers; False when it ran already."""
    settings = ApiSettings()
    if running_pid(home):
        return False
    require_free_port()
    log = home / "api.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            COMMAND, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True
        )
    (home / "api.json").write_text(json.dumps({"pid": process.pid, "port": settings.port}))
    _await(process, log)
    return True


def stop_api(home: Path) -> bool:
    """Ask the API to finish what it serves and stop; False when none ran."""
    pid = running_pid(home)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while running_pid(home) and time.monotonic() < deadline:
        time.sleep(0.05)
    if running_pid(home):
        os.kill(pid, signal.SIGKILL)
    (home / "api.json").unlink(missing_ok=True)
    return True


def running_pid(home: Path) -> int | None:
    """The process that serves the API of this state folder, if it lives."""
    try:
        pid = int(json.loads((home / "api.json").read_text())["pid"])
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError, ValueError, KeyError):
        return None
    return pid if b"api" in command else None


def api_url(path: str = "") -> str:
    settings = ApiSettings()
    return f"http://{settings.host}:{settings.port}{path}"


def answers(path: str = "/health/live") -> bool:
    try:
        with urlopen(api_url(path), timeout=2) as response:  # noqa: S310 - our own http address
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def _await(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            last = log.read_text(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
            raise ServerError(f"The API did not start: {last[0]} (more in {log}).")
        time.sleep(0.1)


def require_free_port() -> None:
    settings = ApiSettings()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise ServerError(
                f"Port {settings.port} on {settings.host} is in use by another program. Stop it, or "
                "choose another port: WAREHOUSE_API_PORT=8001."
            ) from error
