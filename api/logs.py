"""One JSON object a line: what the server says, and one line for every request with its id."""

import logging
import re
import time
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import REQUESTS

NAME = b"x-request-id"
# What a caller may have us write into the log and send back.
ACCEPTABLE = re.compile(rb"[A-Za-z0-9._:-]{1,128}")

access = logging.getLogger("api.access")


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


class RequestLog:
    """Names every request, in its answer and in a line of the log, whatever becomes of it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope["headers"])
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        # Without an answer the client gets the outer handler's 500.
        sent: dict[str, int] = {"status": 500, "bytes": 0}

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent["status"] = message["status"]
                message["headers"] = [*message.get("headers", ()), (NAME, request_id.encode())]
            else:
                sent["bytes"] += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, tell)
        finally:
            elapsed = time.perf_counter() - started
            # A path that is no route's could be any: it would make the metrics as many.
            route = getattr(scope.get("route"), "path", "none")
            REQUESTS.labels(route, sent["status"]).observe(elapsed)
            access.info("request", extra={"fields": _line(scope, request_id, sent, elapsed * 1000)})


def _request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    for name, value in headers:
        if name == NAME and ACCEPTABLE.fullmatch(value):
            return value.decode()
    return uuid4().hex


def _line(scope: Scope, request_id: str, sent: dict[str, int], elapsed: float) -> dict[str, Any]:
    """The path without its query: filters can say more of a client than a log may keep."""
    return {
        "request_id": request_id,
        "method": scope["method"],
        "path": scope["path"],
        "route": getattr(scope.get("route"), "path", None),
        "status": sent["status"],
        "bytes": sent["bytes"],
        "milliseconds": round(elapsed, 3),
        "client": scope["client"][0] if scope.get("client") else None,
    }
