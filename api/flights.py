"""Identical reads at one time are one read; it is given up when the last who waits for it has left."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")


@dataclass
class _Flight:
    task: asyncio.Task[Any]
    waiting: int = 0


@dataclass
class Flights(Generic[Result]):
    """The reads under way, by what they ask."""

    under_way: dict[Hashable, _Flight] = field(default_factory=dict)
    shared: int = 0

    async def join(self, key: Hashable, read: Callable[[], Awaitable[Result]]) -> Result:
        """The result of the read that is under way, or of a new one."""
        flight = self.under_way.get(key)
        if flight is None:
            flight = _Flight(asyncio.ensure_future(read()))
            self.under_way[key] = flight
            flight.task.add_done_callback(lambda _done: self._land(key, flight))
        else:
            self.shared += 1
        flight.waiting += 1
        try:
            result: Result = await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                flight.task.cancel()
                self._land(key, flight)
        return result

    def _land(self, key: Hashable, flight: _Flight | None) -> None:
        if flight is not None and self.under_way.get(key) is flight:
            del self.under_way[key]
        # An error that all have left behind is nobody's to fetch.
        if flight is not None and flight.task.done() and not flight.task.cancelled():
            flight.task.exception()
