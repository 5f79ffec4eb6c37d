"""One JSON object a line: what the server says, and one line for every request with its id."""

import logging
import re
import time
from contextlib import suppress
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener
from queue import Full, Queue
from typing import Any
from uuid import uuid4

import orjson
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import REQUESTS

REQUEST_ID = "X-Request-Id"
# What a caller may have us write into the log and send back.
ACCEPTABLE = re.compile(r"[A-Za-z0-9._:-]{1,128}")

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


class _Lines(QueueHandler):
    """Puts a line by; where nobody reads, lines are lost, and no request waits for them."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        return record  # made into text by the one who writes it

    def enqueue(self, record: logging.LogRecord) -> None:
        with suppress(Full):
            self.queue.put_nowait(record)


def written_aside() -> QueueListener:
    """From now on lines are written by a thread: a full pipe holds up nobody. `stop` ends it."""
    root = logging.getLogger()
    queue: Queue[logging.LogRecord] = Queue(LONGEST_QUEUE)
    listener = QueueListener(queue, *root.handlers)
    root.handlers = [_Lines(queue)]
    listener.start()
    return listener


class RequestLog:
    """Names every request, in its answer and in a line of the log, whatever becomes of it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(Headers(scope=scope).get(REQUEST_ID))
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        # Without an answer the client gets the outer handler's 500.
        sent: dict[str, int] = {"status": 500, "bytes": 0}

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent["status"] = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
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


def _request_id(offered: str | None) -> str:
    return offered if offered and ACCEPTABLE.fullmatch(offered) else uuid4().hex


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
