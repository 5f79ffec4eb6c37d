"""Which TCP port the server listens on: the one that was set, else a free one that is kept."""

import socket

from warehouse.embedded.records import HOST, Record
from warehouse.errors import ServerError
from warehouse.settings import EmbeddedSettings

# Below the ephemeral ports (32768 and up), where an outgoing connection could take it any time.
OURS = range(15432, 15532)


def pick(last: Record | None) -> tuple[int, bool]:
    """The port for the next start, and whether it was ours to choose."""
    wanted = EmbeddedSettings().port
    if wanted:
        _require(wanted)
        return wanted, False
    if last and last.chosen and _refusal(last.port) is None:
        return last.port, True
    return _free(), True


def _free() -> int:
    free = next((port for port in OURS if _refusal(port) is None), None)
    if free is None:
        raise ServerError(
            f"No port from {OURS[0]} to {OURS[-1]} is free on {HOST}: "
            "name one in WAREHOUSE_EMBEDDED_PORT."
        )
    return free


def _require(port: int) -> None:
    refusal = _refusal(port)
    if refusal:
        raise ServerError(
            f"Port {port}, set in WAREHOUSE_EMBEDDED_PORT, cannot be listened on ({refusal}): "
            "stop what uses it, set another, or unset the variable."
        )


def _refusal(port: int) -> str | None:
    """Why the port cannot be had, tried as PostgreSQL does; None when it is free."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((HOST, port))
            tried.listen()
        except OSError as error:
            return error.strerror
    return None
