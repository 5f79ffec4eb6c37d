"""Runs the application: listens, serves, and on a signal finishes what runs before it stops."""

import logging
import socket

import uvicorn

from api.app import create_app
from api.logs import CONFIG
from api.settings import ServerSettings
from warehouse.errors import ServerError


def serve(settings: ServerSettings) -> None:
    """Serve until SIGINT or SIGTERM; raises what kept the API from starting."""
    listener = _listen(settings)
    app = create_app(settings)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            loop="uvloop",
            http="httptools",
            lifespan="on",
            log_config=CONFIG,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=settings.shutdown_grace,
        )
    )
    logging.getLogger("uvicorn.error").addFilter(_is_no_traceback)
    try:
        with listener:
            server.run(sockets=[listener])
    except SystemExit:
        # The server's own end of a failed start is a number; the reason is with the application.
        if failure := getattr(app.state, "failure", None):
            raise failure from None
        raise


def _listen(settings: ServerSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        raise ServerError(
            f"The API cannot listen on {settings.host} port {settings.port}: {error.strerror}. "
            "Stop what holds the port, or choose another: WAREHOUSE_API_PORT=8001."
        ) from error


def _is_no_traceback(record: logging.LogRecord) -> bool:
    """A failed start is raised, once; the server would log its traceback beside it."""
    return not record.getMessage().startswith("Traceback")
