"""How an answer goes out while its client is watched: who has left is not waited for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, suppress
from typing import TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.cache import Headers
from api.errors import ClientGone
from api.streams import Converter

Result = TypeVar("Result")
# To watch a client takes a task of its own; most reads have ended before it would be worth it.
UNWATCHED = 0.02


class Whole(Response):
    """An answer whose headers are made already."""

    def __init__(self, raw_headers: Headers, body: bytes) -> None:
        self.status_code, self.background = 200, None
        self.raw_headers, self.body = raw_headers, body


class Streamed(Response):
    """An answer in pieces; what it holds is let go when it ends, however it does."""

    def __init__(
        self,
        first: bytes,
        pieces: AsyncIterator[bytes],
        converter: Converter,
        raw_headers: Headers,
        held: AsyncExitStack,
    ) -> None:
        self.status_code, self.background, self.raw_headers = 200, None, raw_headers
        self.first, self.pieces, self.converter, self.held = first, pieces, converter, held

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        async with self.held:
            with suppress(ClientGone):
                await until_gone(receive, self._send(send))

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async for body in self._converted():
            await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _converted(self) -> AsyncIterator[bytes]:
        if self.first:
            yield await asyncio.to_thread(self.converter.convert, self.first)
            async for piece in self.pieces:
                if piece:  # the last is empty where the one before ended with the rows
                    yield await asyncio.to_thread(self.converter.convert, piece)
        yield await asyncio.to_thread(self.converter.finish)


async def until_gone(receive: Receive, work: Awaitable[Result]) -> Result:
    """The work's result, unless the client leaves first: then it is given up."""
    watch = _Watch(receive)
    try:
        return await work
    except asyncio.CancelledError:
        if watch.gone and watch.task.uncancel() == 0:
            raise ClientGone from None
        raise
    finally:
        watch.end()


class _Watch:
    """Cancels its task when the client leaves; it looks up only when the work takes its time."""

    def __init__(self, receive: Receive) -> None:
        task = asyncio.current_task()
        assert task
        self.task, self.receive, self.gone = task, receive, False
        self.leaving: asyncio.Task[None] | None = None
        self.timer = task.get_loop().call_later(UNWATCHED, self._begin)

    def end(self) -> None:
        self.timer.cancel()
        if self.leaving:
            self.leaving.remove_done_callback(self._left)
            self.leaving.cancel()

    def _begin(self) -> None:
        self.leaving = asyncio.ensure_future(_left(self.receive))
        self.leaving.add_done_callback(self._left)

    def _left(self, _leaving: asyncio.Task[None]) -> None:
        self.gone = True
        self.task.cancel()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
