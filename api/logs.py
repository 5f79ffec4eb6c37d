"""One JSON object a line: what the server says, and one line for every request with its id."""

import logging
import re
import time
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from random import Random
from threading import Event, Thread
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import timer

NAME = b"x-request-id"
# What a caller may have us write into the log and send back.
ACCEPTABLE = re.compile(rb"[A-Za-z0-9._:-]{1,128}")

access = logging.getLogger("api.access")
DRAW = Random()  # noqa: S311 - names requests, guards nothing


class JsonLines(logging.Formatter):
    """A record as one JSON object; what a record carries as `fields` are members of their own."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str, option=orjson.OPT_UTC_Z).decode()


# uvicorn's own access log is off: a line of ours says more.
CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": JsonLines}},
    "handlers": {
        "stdout": {
            "class": "logging.StreamHandler",
            "formatter": "json",
            "stream": "ext://sys.stdout",
        }
    },
    "root": {"handlers": ["stdout"], "level": "INFO"},
}


LONGEST_QUEUE = 10_000
PAUSE = 0.1


class Aside(logging.Handler):
    """Puts lines by and writes them from a thread, many at once: a full pipe holds up no request.

    The thread looks by itself: to wake it for each line costs a request more than the line.
    Where nobody reads, lines are lost.
    """

    def __init__(self, onward: logging.StreamHandler[Any]) -> None:
        super().__init__()
        self.onward = onward
        self.records: deque[logging.LogRecord] = deque()
        self.stopped = Event()
        self.thread = Thread(target=self._write, name="log", daemon=True)
        self.thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        if len(self.records) < LONGEST_QUEUE:
            self.records.append(record)

    def stop(self) -> None:
        """Write what is left, and end."""
        self.stopped.set()
        self.thread.join(timeout=1)

    def _write(self) -> None:
        while not self.stopped.wait(PAUSE):
            self._drain()
        self._drain()

    def _drain(self) -> None:
        lines = []
        while self.records:
            lines.append(self.onward.format(self.records.popleft()) + "\n")
        if lines:
            self.onward.stream.write("".join(lines))
            self.onward.flush()


def written_aside() -> Aside:
    """From now on lines are written by a thread."""
    root = logging.getLogger()
    (onward,) = root.handlers
    assert isinstance(onward, logging.StreamHandler)
    aside = Aside(onward)
    root.handlers = [aside]
    return aside


class Line(logging.LogRecord):
    """A request's: made without looking for who calls, in which thread, which costs more than all else."""

    name, levelno, levelname, msg, args = "api.access", logging.INFO, "INFO", "request", ()
    exc_info = exc_text = stack_info = None

    def __init__(self, **fields: Any) -> None:
        self.created = time.time()
        self.fields = fields


class RequestLog:
    """Names every request, in its answer and in a line of the log, whatever becomes of it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        named = request_id(scope["headers"])
        scope.setdefault("state", {})["request_id"] = named
        started = time.perf_counter()
        # Without an answer the client gets the server's own 500.
        sent: dict[str, int] = {"status": 500, "bytes": 0}

        async def onward(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent["status"] = message["status"]
                message["headers"] = [*message.get("headers", ()), (NAME, named.encode())]
            else:
                sent["bytes"] += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, onward)
        finally:
            route = getattr(scope.get("route"), "path", None)
            tell(scope, route, named, sent["status"], sent["bytes"], started)


def request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The caller's own, or a new one."""
    for name, value in headers:
        if name == NAME and ACCEPTABLE.fullmatch(value):
            return value.decode()
    return f"{DRAW.getrandbits(128):032x}"


def tell(
    scope: Scope, route: str | None, request_id: str, status: int, size: int, started: float
) -> None:
    """Count a request that ended, and write its line; without the query, for filters say too much."""
    elapsed = time.perf_counter() - started
    # A path that is no route's could be any: it would make the metrics as many.
    timer(route or "none", status).observe(elapsed)
    if access.isEnabledFor(logging.INFO):
        line = Line(
            request_id=request_id,
            method=scope["method"],
            path=scope["path"],
            route=route,
            status=status,
            bytes=size,
            milliseconds=round(elapsed * 1000, 3),
            client=scope["client"][0] if scope.get("client") else None,
        )
        access.handle(line)
