"""The read pool: connections that run as the API's role, and the one way a report is asked for."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode

import asyncpg

from api.errors import BUSY, DRIVER_ERRORS, Problem, from_driver
from api.settings import ServerSettings
from warehouse.access import API
from warehouse.db.reports import INSTALLED, require_installed
from warehouse.db.target import Target
from warehouse.errors import ConnectionFailed

# libpq's keywords that asyncpg takes in a URL's query; it takes any other for a server setting.
UNDERSTOOD = frozenset(
    {
        *("host", "port", "dbname", "user", "password", "passfile", "service"),
        *("options", "application_name", "target_session_attrs", "krbsrvname", "gsslib"),
        *("sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword"),
        *("sslnegotiation", "ssl_min_protocol_version", "ssl_max_protocol_version"),
    }
)
# libpq's own upkeep of a connection; leaving it to asyncpg changes nothing that is read.
IMMATERIAL = frozenset(
    {
        *("client_encoding", "connect_timeout", "fallback_application_name", "gssencmode"),
        *("channel_binding", "keepalives", "keepalives_idle", "keepalives_interval"),
        *("keepalives_count", "tcp_user_timeout"),
    }
)
STATEMENTS_KEPT = 200


@dataclass
class Reader:
    """Reads reports; it holds no connection between two of them.

    Connections stay here once they were taken from the pool, and go from one read to the next: by way
    of the pool each would cost two tasks, and a third where somebody waits.
    """

    pool: Any
    wait: float
    queue: int
    taken: int = 0  # connections of the pool, lent or at hand
    at_hand: list[Any] = field(default_factory=list)
    turns: deque[asyncio.Future[Any]] = field(default_factory=deque)
    open: bool = True

    async def rows(self, function: str, **arguments: object) -> list[Any]:
        """The rows of `api.<function>`; whatever the driver raises comes out as a problem."""
        async with Lent(self) as connection:
            rows: list[Any] = await connection.fetch(
                _call(function, tuple(arguments)), *arguments.values()
            )
        return rows

    async def row(self, statement: str, arguments: Sequence[object], seconds: float) -> Any:
        """The one row of a statement that is given up after a time, also when its caller is."""
        async with Lent(self) as connection:
            return await connection.fetchrow(statement, *arguments, timeout=seconds)

    @asynccontextmanager
    async def snapshot(self, seconds: float) -> AsyncIterator[Any]:
        """A connection whose statements all see one moment, each for as long as is said."""
        async with (
            Lent(self) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            await connection.execute(f"set local statement_timeout = {seconds * 1000:.0f}")
            yield connection

    @property
    def used(self) -> int:
        """Connections that are lent."""
        return self.taken - len(self.at_hand)

    @property
    def waiting(self) -> int:
        """Requests that wait for a connection."""
        return len(self.turns)

    async def close(self) -> None:
        """Give the pool what is at hand, so that it can close."""
        self.open = False
        while self.at_hand:
            await self.give_up(self.at_hand.pop())

    async def take(self) -> Any:
        """A connection; a `Problem` where none comes free in time."""
        while True:
            if self.at_hand:
                connection = self.at_hand.pop()
                with suppress(asyncpg.InterfaceError):  # was lost, and the pool took it back
                    if not connection.is_closed():
                        return connection
                await self.give_up(connection)
            elif self.taken < self.pool.get_max_size():
                return await self._from_pool()
            elif (connection := await self._turn()) is not None:
                return connection

    def give_back(self, connection: Any) -> None:
        """To who waits longest, if it is whole; without one, his is to take another."""
        while self.turns:
            turn = self.turns.popleft()
            if not turn.done():
                turn.set_result(connection)
                return
        if connection is not None:
            self.at_hand.append(connection)

    async def give_up(self, connection: Any) -> None:
        """What was cancelled, or is broken, is for the pool to see to."""
        try:
            await self.pool.release(connection)
        finally:
            self._lost()

    def _lost(self) -> None:
        self.taken -= 1
        self.give_back(None)

    async def _from_pool(self) -> Any:
        connection = None
        self.taken += 1
        try:
            connection = await self.pool.acquire(timeout=self.wait)
        except TimeoutError as error:
            raise self._busy() from error
        except DRIVER_ERRORS as error:
            raise from_driver(error) from error
        finally:
            if connection is None:
                self._lost()
        return connection

    async def _turn(self) -> Any:
        """What is given back to this one, or nothing, where he may look again."""
        if self.waiting >= self.queue:
            raise Problem(BUSY, f"{self.waiting} requests wait for a database connection already.")
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self.turns.append(turn)
        timer = loop.call_later(self.wait, self._too_late, turn)
        try:
            return await turn
        except asyncio.CancelledError:
            with suppress(ValueError):
                self.turns.remove(turn)
            if not turn.cancelled() and not turn.exception():  # given, to one who has left
                self.give_back(turn.result())
            raise
        finally:
            timer.cancel()

    def _too_late(self, turn: asyncio.Future[Any]) -> None:
        if not turn.done():
            self.turns.remove(turn)
            turn.set_exception(self._busy())

    def _busy(self) -> Problem:
        return Problem(BUSY, f"No database connection came free within {self.wait:g} seconds.")


class Lent:
    """A connection for a block; what the driver raises in it comes out as a problem."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    async def __aenter__(self) -> Any:
        self.connection = await self.reader.take()
        return self.connection

    async def __aexit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is None and self.reader.open:
            self.reader.give_back(self.connection)
            return
        await self.reader.give_up(self.connection)
        if isinstance(error, DRIVER_ERRORS):
            raise from_driver(error) from error


@asynccontextmanager
async def open_reader(target: Target, settings: ServerSettings) -> AsyncIterator[Reader]:
    """The read pool, checked before the first request: its role, and the reports it will call."""
    try:
        pool = await asyncpg.create_pool(**connect_arguments(target, settings))
    except (*DRIVER_ERRORS, ValueError) as error:
        raise ConnectionFailed(why_not(error, target, API)) from error
    try:
        await _check(pool)
        reader = Reader(pool, settings.pool_wait, settings.pool_queue)
        try:
            yield reader
        finally:
            await reader.close()
    finally:
        await _close(pool, settings.shutdown_grace)


def connect_arguments(target: Target, settings: ServerSettings) -> dict[str, Any]:
    """What asyncpg's pool is made with, from libpq's keywords and the settings."""
    keywords = {k: v for k, v in target.keywords().items() if v not in {None, ""}}
    # asyncpg knows no hostaddr. The name that goes with it is only compared with a certificate's.
    if "hostaddr" in keywords:
        keywords["host"] = keywords.pop("hostaddr")
    unknown = keywords.keys() - UNDERSTOOD - IMMATERIAL
    if unknown:
        raise ConnectionFailed(
            f"The API's driver does not know {', '.join(sorted(unknown))}, which {target.origin} "
            "sets. Take it out there, or give the API a WAREHOUSE_READ_DATABASE_URL of its own."
        )
    understood = {k: v for k, v in keywords.items() if k in UNDERSTOOD}
    return {
        "dsn": f"postgresql://?{urlencode(understood)}",
        "timeout": float(keywords.get("connect_timeout", 10)),
        "min_size": 1,
        "max_size": settings.pool_size,
        # The server's timeout comes first; this one is for a server that no longer answers.
        "command_timeout": settings.statement_timeout + 1,
        "statement_cache_size": STATEMENTS_KEPT if settings.prepared_statements else 0,
        "server_settings": {
            "role": API,
            "timezone": "UTC",  # instants are written as PostgreSQL writes them
            "default_transaction_read_only": "on",
            "statement_timeout": f"{settings.statement_timeout * 1000:.0f}",
            # Compiling costs more than any report that answers in time could win by it.
            "jit": "off",
        },
        "reset": _keep,
    }


@cache
def _call(report: str, names: tuple[str, ...]) -> str:
    arguments = ", ".join(f"{name} => ${number}" for number, name in enumerate(names, 1))
    return f"select * from api.{report}({arguments})"


async def _keep(connection: Any) -> None:
    """Nothing to undo: no report leaves a setting behind, and a reset is a round trip a request."""


async def _check(pool: Any) -> None:
    # A pooler may leave out what it does not know of a connection's settings, the role among them.
    role = await pool.fetchval("select current_user")
    if role != API:
        raise ConnectionFailed(
            f"The API would read as {role}, who may do more than {API}; it did not start. Behind a "
            f"pooler the login has to bring the role: alter role … set role = '{API}'."
        )
    require_installed((row["name"], row["comment"]) for row in await pool.fetch(INSTALLED))


async def _close(pool: Any, grace: float) -> None:
    """Let running queries finish, then hang up on those that do not."""
    try:
        await asyncio.wait_for(pool.close(), grace + 1)
    except TimeoutError:
        pool.terminate()


def why_not(error: Exception, target: Target, role: str) -> str:
    """Why a pool that acts as the role did not open, and what mends it."""
    reason = str(error).strip().rstrip(".") or type(error).__name__
    # Roles come first: the startup of a connection fails on a role that is missing or not granted.
    remedy = (
        "Run `warehouse roles ensure`, which makes the role and lets the login act as it."
        if role in reason
        else "Start the server (`warehouse up`), or mend the connection string, and try again."
    )
    return f"The API could not connect to {target.origin}: {reason}. {remedy}"
