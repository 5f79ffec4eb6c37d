"""Identical reads at one time are one read; where its reader leaves, the next of them reads."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from api.errors import Problem

Result = TypeVar("Result")


class _Left(Exception):
    """Whoever read has left before the answer."""


@dataclass
class Flights(Generic[Result]):
    """The reads under way, by what they ask."""

    under_way: dict[Hashable, asyncio.Future[Result]] = field(default_factory=dict)
    shared: int = 0

    async def join(self, key: Hashable, read: Callable[[], Awaitable[Result]]) -> Result:
        """The result of the read that is under way, or of a new one."""
        while (landing := self.under_way.get(key)) is not None:
            self.shared += 1
            with suppress(_Left):
                return await asyncio.shield(landing)
        return await self._read(key, read)

    async def _read(self, key: Hashable, read: Callable[[], Awaitable[Result]]) -> Result:
        """In the task of who asked first, for another task would cost as much as the rest."""
        landing = self.under_way[key] = asyncio.get_running_loop().create_future()
        try:
            result = await read()
        except Problem as problem:
            landing.set_exception(problem)
            raise
        else:
            landing.set_result(result)
            return result
        finally:
            del self.under_way[key]
            if not landing.done():
                landing.set_exception(_Left())
            landing.exception()  # it is nobody's to fetch where nobody waits
