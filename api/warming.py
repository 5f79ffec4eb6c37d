"""After a mart was refreshed, what was read most of it is read again before anyone has to wait for it.

Nobody gets an answer by it, so nothing is recorded.
"""

import asyncio
import logging

from api.cache import Cache
from api.errors import Problem

logger = logging.getLogger(__name__)

MOST = 20


class Warmer:
    """Reads one page at a time, so that it takes one connection at most."""

    def __init__(self, cache: Cache) -> None:
        self.cache = cache
        self.changed: dict[str, None] = {}
        self.task: asyncio.Task[None] | None = None

    def on_generation(self, relation: str) -> None:
        self.changed[relation] = None
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while self.changed:
            relation = next(iter(self.changed))
            del self.changed[relation]
            for again in self.cache.most_read(relation, MOST):
                try:
                    await again()
                except Problem as problem:  # whoever asks next is told of it
                    logger.info("%s was not read ahead: %s", relation, problem)
                    break
