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
        headers: dict[str, str],
        media_type: str,
        held: AsyncExitStack,
    ) -> None:
        self.status_code, self.background, self.media_type = 200, None, media_type
        self.init_headers(headers)
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
    doing = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(receive))
    try:
        await asyncio.wait({doing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            raise ClientGone
        return doing.result()
    finally:
        for task in (doing, leaving):
            if not task.done():
                task.cancel()
        if not doing.done():
            await asyncio.wait({doing})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
