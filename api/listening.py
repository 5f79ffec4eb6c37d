"""The one connection that listens: it keeps the generations of all marts, and says when a key changed.

It goes to the primary directly, for neither a replica nor a pooler passes notifications on. While it
is not heard from, `heard` is false, and nobody may trust what was known.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from api.errors import DRIVER_ERRORS
from api.pools import connect_arguments, why_not
from api.settings import ServerSettings
from warehouse.access import API
from warehouse.db.target import Target
from warehouse.errors import ConnectionFailed

logger = logging.getLogger(__name__)

GENERATIONS, KEYS = "warehouse_generations", "warehouse_keys"
HEARTBEAT = 5.0
PAUSE = 1.0


@dataclass
class Listener:
    """What the database has told so far."""

    on_keys: Callable[[], None]
    on_generation: Callable[[str], None]
    heard: bool = False
    changes: int = 0  # while it stands still, what was found out of keys and generations holds
    generations: dict[str, str] = field(default_factory=dict)

    def generation_of(self, relations: Sequence[str]) -> str | None:
        """As `api.generation_of` puts it together; none while it is not known."""
        if not self.heard or not relations:
            return None
        if len(relations) == 1:
            return self.generations.get(relations[0], "0")
        return ".".join(self.generations.get(relation, "0") for relation in relations)

    async def attach(self, connection: Any) -> None:
        """Listen first and look afterwards, so that nothing falls between."""
        await connection.add_listener(GENERATIONS, self._on_generation)
        await connection.add_listener(KEYS, self._on_key)
        rows = await connection.fetch("select relation, generation from api.generations()")
        self.generations = {row["relation"]: str(row["generation"]) for row in rows}
        self._on_key()
        self.heard = True

    def detach(self) -> None:
        self.heard = False
        self._on_key()

    def _on_generation(self, _connection: Any, _pid: int, _channel: str, payload: str) -> None:
        relation, _, generation = payload.rpartition(" ")
        self.generations[relation] = generation
        self.changes += 1
        self.on_generation(relation)

    def _on_key(self, *_told: object) -> None:
        self.changes += 1
        self.on_keys()


@asynccontextmanager
async def open_listener(
    target: Target,
    settings: ServerSettings,
    on_keys: Callable[[], None],
    on_generation: Callable[[str], None],
) -> AsyncIterator[Listener]:
    """A listener that comes back by itself when its connection is lost."""
    listener = Listener(on_keys, on_generation)
    try:
        connection = await _connect(target, settings)
        await listener.attach(connection)
    except (*DRIVER_ERRORS, ValueError) as error:
        raise ConnectionFailed(why_not(error, target, API)) from error
    task = asyncio.create_task(_stay(listener, connection, target, settings))
    try:
        yield listener
    finally:
        task.cancel()
        await asyncio.wait({task})


async def _stay(
    listener: Listener, connection: Any, target: Target, settings: ServerSettings
) -> None:
    while True:
        try:
            await _until_lost(connection)
        finally:
            listener.detach()
            connection.terminate()
        logger.warning(
            "The listening connection was lost; nothing is taken from memory until it is back."
        )
        connection = await _again(listener, target, settings)


async def _again(listener: Listener, target: Target, settings: ServerSettings) -> Any:
    while True:
        await asyncio.sleep(PAUSE)
        try:
            connection = await _connect(target, settings)
            await listener.attach(connection)
        except (*DRIVER_ERRORS, ValueError):
            continue
        logger.info("The listening connection is back.")
        return connection


async def _until_lost(connection: Any) -> None:
    """A connection can be gone without a word, so it is asked."""
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _connection: lost.set())
    while not lost.is_set():
        try:
            async with asyncio.timeout(HEARTBEAT):
                await lost.wait()
        except TimeoutError:
            try:
                await connection.execute("select 1", timeout=HEARTBEAT)
            except DRIVER_ERRORS:
                return


async def _connect(target: Target, settings: ServerSettings) -> Any:
    given = connect_arguments(target, settings)
    known = {name: given[name] for name in ("dsn", "timeout", "command_timeout", "server_settings")}
    return await asyncpg.connect(**known)
