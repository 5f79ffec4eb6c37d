"""Requests that were answered from memory before are answered again, ahead of everything else.

What they are answered follows from their path, query and a few headers, as bytes, for as long as no
key and no generation changed. They are limited, recorded, logged and counted like all others. The
first time, and whenever something is new, api/serving.py answers.
"""

import time
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fastapi import Request
from starlette.types import Scope, Send

from api import logs
from api.access import Recorder
from api.asking import LONGEST_KEPT
from api.cache import Cache, Headers
from api.credentials import Key
from api.errors import Problem, answer
from api.head import Head, head_of
from api.limits import Limits
from api.listening import Listener

KEPT = 2_000
Question = tuple[object, ...]


class Repeat(NamedTuple):
    """How a request was answered, and what must hold for it to be answered so again."""

    key: Key
    changes: int  # of keys and generations, as the listener counts them
    route: str
    noted: bytes  # what is recorded, but for the request's id
    identity: Any = None  # what its page is in memory by
    generation: str = ""
    form: str = ""
    encoding: str | None = None
    unchanged: Headers | None = None  # where the reader has the page


class Ready(NamedTuple):
    """An answer, but for what is of one request alone."""

    status: int
    headers: Headers
    body: bytes


@dataclass(frozen=True)
class Repeats:
    """What is known of requests; their pages are kept by the cache, and go when it lets them go."""

    cache: Cache
    listener: Listener
    limits: Limits
    recorder: Recorder
    known: dict[Question, Repeat] = field(default_factory=dict)

    def keep(self, scope: Scope, head: Head, repeat: Repeat) -> None:
        """What is long, or has its key checked each time, is not kept."""
        size = len(scope["path"]) + len(scope["query_string"]) + sum(map(len, head[1:]))
        if not repeat.key.until or size > LONGEST_KEPT:
            return
        if len(self.known) >= KEPT:
            self.known.clear()
        self.known[_question(scope, head)] = repeat

    async def answered(self, scope: Scope, send: Send) -> bool:
        """Whether it was: what is not known by heart is for others."""
        started = time.perf_counter()
        found = self._found(scope)
        if found is None:
            return False
        repeat, ready = found
        request_id = logs.request_id(scope["headers"])
        try:
            timing = await self._recorded(repeat, request_id)
        except Problem as problem:
            ready, timing = _told(problem, scope, request_id), []
        finally:
            self.limits.end(repeat.key)
        headers = [*ready.headers, *timing, (logs.NAME, request_id.encode())]
        await send({"type": "http.response.start", "status": ready.status, "headers": headers})
        await send({"type": "http.response.body", "body": ready.body})
        logs.tell(scope, repeat.route, request_id, ready.status, len(ready.body), started)
        return True

    async def _recorded(self, repeat: Repeat, request_id: str) -> Headers:
        """How long it took, once it is committed."""
        began = time.perf_counter()
        await self.recorder.keep(repeat.noted, request_id)
        spent = (time.perf_counter() - began) * 1000
        return [(b"server-timing", b"cache;desc=hit, record;dur=%.2f" % spent)]

    def _found(self, scope: Scope) -> tuple[Repeat, Ready] | None:
        """Known, true still, and begun within the key's limits."""
        try:
            repeat = self.known.get(_question(scope, head_of(scope)))
            if repeat is None or repeat.changes != self.listener.changes:
                return None
            ready = self._ready(repeat) if time.monotonic() < repeat.key.until else None
            if ready is None:
                return None
            self.limits.begin(repeat.key)
        except Problem:  # those who answer all else say what it is
            return None
        return repeat, ready

    def _ready(self, repeat: Repeat) -> Ready | None:
        if repeat.unchanged is not None:
            return Ready(304, repeat.unchanged, b"")
        page = self.cache.get(repeat.identity, repeat.generation)
        headers = page and page.heads.get(repeat.form)
        if not page or not headers:
            return None
        packed = repeat.encoding and page.packed.get(repeat.encoding)
        return Ready(200, headers, packed or page.body)


def _question(scope: Scope, head: Head) -> Question:
    """A key is kept as its hash, here as elsewhere."""
    return (scope["path"], scope["query_string"], *head[1:])


def _told(problem: Problem, scope: Scope, request_id: str) -> Ready:
    scope["state"] = {"request_id": request_id}
    response = answer(Request(scope), problem)
    return Ready(response.status_code, response.raw_headers, bytes(response.body))
