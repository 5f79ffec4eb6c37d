"""Runs the application: listens, serves, and on a signal finishes what runs before it stops.

With several workers each is a process of its own on the same socket; this one only watches over them.
"""

import logging
import multiprocessing
import multiprocessing.connection
import os
import signal
import socket
import tempfile
from multiprocessing.process import BaseProcess
from types import FrameType

import uvicorn

from api.logs import CONFIG, written_aside
from api.settings import ServerSettings
from warehouse.errors import ServerError


def serve(settings: ServerSettings) -> None:
    """Serve until SIGINT or SIGTERM; raises what kept the API from starting."""
    listener = _listen(settings)
    with listener:
        if settings.workers == 1:
            _run(settings, listener)
        else:
            _Workers(settings, listener).run()


def _run(settings: ServerSettings, listener: socket.socket) -> None:
    # Its metrics look for PROMETHEUS_MULTIPROC_DIR when they are imported.
    from api.app import create_app

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
            date_header=True,
            timeout_graceful_shutdown=settings.shutdown_grace,
        )
    )
    logging.getLogger("uvicorn.error").addFilter(_is_no_traceback)
    lines = written_aside()
    # The server sends itself the signal again when it has stopped; the last lines are yet to be written.
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    try:
        server.run(sockets=[listener])
    except SystemExit:
        # The server's own end of a failed start is a number; the reason is with the application.
        if failure := getattr(app.state, "failure", None):
            raise failure from None
        raise
    finally:
        lines.stop()


class _Workers:
    """Processes that serve one socket; when one ends unasked, all end, and who started us starts us again."""

    def __init__(self, settings: ServerSettings, listener: socket.socket) -> None:
        self.settings = settings
        self.listener = listener
        self.stopping = False

    def run(self) -> None:
        with tempfile.TemporaryDirectory(prefix="tapehouse-metrics-") as folder:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
            context = multiprocessing.get_context("spawn")
            workers: list[BaseProcess] = [
                context.Process(target=_work, args=(self.settings, self.listener))
                for _ in range(self.settings.workers)
            ]
            for worker in workers:
                worker.start()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self._stop)
            self._watch(workers)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _watch(self, workers: list[BaseProcess]) -> None:
        while not self.stopping and all(worker.is_alive() for worker in workers):
            multiprocessing.connection.wait([worker.sentinel for worker in workers], timeout=0.2)
        for worker in workers:
            if worker.is_alive() and worker.pid:
                os.kill(worker.pid, signal.SIGTERM)
        for worker in workers:
            worker.join(self.settings.shutdown_grace + 2)
            if worker.is_alive():
                worker.kill()
        if not self.stopping:
            raise ServerError(
                "A worker of the API ended unasked; the others were stopped. See the log."
            )


def _work(settings: ServerSettings, listener: socket.socket) -> None:
    from api.__main__ import run_or_say

    run_or_say(lambda: _run(settings, listener))


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
