"""Durable records from many callers: each waits for the commit of its own, and many share one.

What is recorded, and by which function, is said in api/access.py.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from api.errors import BUSY, TOO_SLOW, UNAVAILABLE, Kind, Problem
from api.pools import Lent, Reader

logger = logging.getLogger(__name__)

NOT_RECORDED = Kind(
    "not_recorded",
    503,
    "The reading could not be recorded, so it is not answered",
    "Try again after the time in Retry-After.",
    1,
)
PASSING = frozenset({BUSY, UNAVAILABLE, TOO_SLOW})
LARGEST_GROUP = 500
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 1.0


@dataclass(eq=False, slots=True)
class _Entry:
    """A row to be kept, and the caller who waits for it."""

    row: bytes
    kept: asyncio.Future[None]
    sent: bool = False

    @property
    def awaited(self) -> bool:
        return not self.kept.done()

    def settle(self, problem: Problem | None = None) -> None:
        if problem and self.awaited:
            self.kept.set_exception(problem)
        elif self.awaited:
            self.kept.set_result(None)


class GroupCommit:
    """Sends what has gathered while the last statement ran, so that waiting is one round trip.

    The statement takes rows as one JSON array and skips those that it knows by their key: so a group
    whose connection was lost is sent again, and is neither lost nor doubled.
    """

    def __init__(self, reader: Reader, statement: str, *, longest_queue: int, wait: float) -> None:
        self._reader = reader
        self._statement = statement
        self._wait = wait
        self._queue: asyncio.Queue[_Entry] = asyncio.Queue(longest_queue)
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run())
        self._closing = False

    @property
    def waiting(self) -> int:
        """Rows that no statement has taken yet."""
        return self._queue.qsize()

    async def keep(self, row: bytes) -> None:
        """Return when the row is committed; a `Problem` says that it is not, or may not be."""
        if asyncio.get_running_loop() is not self._loop:
            raise RuntimeError("A writer serves the event loop that it was opened in.")
        if self._closing or self._task.done():
            raise Problem(NOT_RECORDED, "The API is stopping; nothing was recorded.")
        entry = _Entry(row, self._loop.create_future())
        # A timer by hand: asyncio.timeout costs a caller more than all the rest of this.
        timer = self._loop.call_later(self._wait, self._too_late, entry)
        try:
            if self._queue.full():
                await self._room(entry, timer.when())
            else:
                self._queue.put_nowait(entry)
            await entry.kept
        finally:
            timer.cancel()

    async def _room(self, entry: _Entry, until: float) -> None:
        """Put it into a queue that is full, unless its time is over before there is room."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await self._queue.put(entry)

    def _too_late(self, entry: _Entry) -> None:
        entry.settle(Problem(NOT_RECORDED, f"After {self._wait:g} seconds {_state(entry)}."))

    async def close(self, grace: float) -> None:
        """Take nothing more, and end when what was taken is kept, or the grace is over."""
        self._closing = True
        drained = self._loop.create_task(self._queue.join())
        await asyncio.wait({drained, self._task}, timeout=grace, return_when="FIRST_COMPLETED")
        drained.cancel()
        self._task.cancel()
        await asyncio.wait({drained, self._task})
        while not self._queue.empty():
            _give_up(self._queue.get_nowait())

    async def _run(self) -> None:
        while True:
            group = [await self._queue.get()]
            await asyncio.sleep(0)  # for those whose reads came in together with its own
            while len(group) < LARGEST_GROUP and not self._queue.empty():
                group.append(self._queue.get_nowait())
            try:
                await self._send(group)
            finally:  # a stop in the middle: nobody is left to wait for nothing
                for entry in group:
                    _give_up(entry)
                    self._queue.task_done()

    async def _send(self, group: Sequence[_Entry]) -> None:
        """Keep the group; while the server cannot, until nobody waits any more."""
        pause = FIRST_PAUSE
        # Who has stopped waiting gets no answer, so what was not sent for him need not be kept.
        while group := [entry for entry in group if entry.awaited]:
            problem = await self._try(group)
            if problem is None or problem.kind not in PASSING:
                await self._settle(group, problem)
                return
            logger.warning("%d records wait: %s", len(group), problem)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _try(self, group: Sequence[_Entry]) -> Problem | None:
        rows = b"[" + b",".join(entry.row for entry in group) + b"]"
        try:
            async with Lent(self._reader) as connection:
                for entry in group:
                    entry.sent = True
                await connection.execute(self._statement, rows.decode())
        except Problem as problem:
            return problem
        return None

    async def _settle(self, group: Sequence[_Entry], problem: Problem | None) -> None:
        """One row that the server refuses must not cost the others theirs: halve until it is alone."""
        if problem and len(group) > 1:
            middle = len(group) // 2
            await self._send(group[:middle])
            await self._send(group[middle:])
            return
        refused = problem and Problem(NOT_RECORDED, f"Nothing was recorded: {_why(problem)}")
        for entry in group:
            entry.settle(refused)


def _give_up(entry: _Entry) -> None:
    if entry.awaited:
        entry.settle(Problem(NOT_RECORDED, f"The API is stopping; {_state(entry)}."))


def _why(problem: Problem) -> str:
    """With what mends it: asked again it would be refused again."""
    return f"{problem} {problem.kind.hint or ''}".strip()


def _state(entry: _Entry) -> str:
    return "it is not known whether it was recorded" if entry.sent else "nothing was recorded"
