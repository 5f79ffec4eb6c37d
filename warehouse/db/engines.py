"""One engine per process and kind, made when first asked for; and what their pools are doing.

Work is done in the sessions of warehouse.db.sessions.
"""

import asyncio
import os
from asyncio import AbstractEventLoop
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import AsyncAdaptedQueuePool, Engine, QueuePool, create_engine
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import PoolProxiedConnection

from warehouse.access import READ
from warehouse.db.target import primary, replica
from warehouse.settings import DatabaseSettings, PoolSettings

URL = "postgresql+psycopg://"


class Kind(StrEnum):
    """What an engine's connections may do."""

    WRITE = "write"
    READ = "read"


@dataclass(frozen=True)
class PoolStatistics:
    """One pool's connections: kept, lent, lent beyond its size; and how many callers wait for one."""

    kind: Kind
    asynchronous: bool
    size: int
    checked_in: int
    checked_out: int
    overflow: int
    waiting: int


class _CountingPool(QueuePool):
    """Knows who has asked for a connection and has none yet."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.asking: set[object] = set()  # adding to and taking from a set need no lock

    def connect(self) -> PoolProxiedConnection:
        asked = object()
        self.asking.add(asked)
        try:
            return super().connect()
        finally:
            self.asking.discard(asked)

    def statistics(self, kind: Kind, *, asynchronous: bool) -> PoolStatistics:
        return PoolStatistics(
            kind=kind,
            asynchronous=asynchronous,
            size=self.size(),
            checked_in=self.checkedin(),
            checked_out=self.checkedout(),
            overflow=max(0, self.overflow()),  # below zero until the pool has filled once
            waiting=len(self.asking),
        )


class _AsyncCountingPool(_CountingPool, AsyncAdaptedQueuePool):
    """The same for the tasks of a loop."""


# The process is part of the key: a forked child must neither use the sockets it inherited nor let
# go of them. So is the loop: its connections serve no other.
_engines: dict[tuple[int, Kind], Engine] = {}
_async_engines: dict[tuple[int, AbstractEventLoop, Kind], AsyncEngine] = {}


def engine(kind: Kind) -> Engine:
    """This process's engine of the kind."""
    key = (os.getpid(), kind)
    if key not in _engines:
        # Of two threads here at once one's engine is dropped, still without a connection; a lock
        # would be inherited locked by a child that is forked meanwhile.
        _engines.setdefault(key, create_engine(URL, poolclass=_CountingPool, **_options(kind)))
    return _engines[key]


async def async_engine(kind: Kind) -> AsyncEngine:
    """This process's engine of the kind, for the loop that is running."""
    key = (os.getpid(), asyncio.get_running_loop(), kind)
    if key not in _async_engines:
        # A loop that ended without `async_dispose` left its connections open.
        await _async_dispose(lambda loop: loop.is_closed())
        made = create_async_engine(URL, poolclass=_AsyncCountingPool, **_options(kind))
        _async_engines.setdefault(key, made)
    return _async_engines[key]


def dispose() -> None:
    """Close what this process keeps open; an engine asked for later is a new one."""
    for key in [key for key in _engines if key[0] == os.getpid()]:
        _engines.pop(key).dispose()


async def async_dispose() -> None:
    """Close what the running loop keeps open, before it ends."""
    running = asyncio.get_running_loop()
    await _async_dispose(lambda loop: loop is running or loop.is_closed())


def pool_statistics() -> list[PoolStatistics]:
    """What this process's pools are doing now."""
    pools = [(k, False, e.pool) for (pid, k), e in [*_engines.items()] if pid == os.getpid()]
    pools += [
        (k, True, e.pool) for (pid, _, k), e in [*_async_engines.items()] if pid == os.getpid()
    ]
    return [
        pool.statistics(kind, asynchronous=asynchronous)
        for kind, asynchronous, pool in pools
        if isinstance(pool, _CountingPool)
    ]


async def _async_dispose(ends: Callable[[AbstractEventLoop], bool]) -> None:
    ours = [key for key in _async_engines if key[0] == os.getpid()]
    for key in (key for key in ours if ends(key[1])):
        await _async_engines.pop(key).dispose()


def _options(kind: Kind) -> dict[str, Any]:
    settings = PoolSettings()
    return {
        "connect_args": _connect_args(kind),
        "pool_size": settings.size,
        "max_overflow": settings.overflow,
        "pool_timeout": settings.timeout,
        "pool_recycle": settings.recycle,
        "pool_pre_ping": True,
        "hide_parameters": True,  # a traceback must not carry account numbers
    }


def _connect_args(kind: Kind) -> dict[str, Any]:
    """How a connection of the kind is opened; a reading one acts as a role that can only select."""
    settings = DatabaseSettings()
    keywords = (primary if kind is Kind.WRITE else replica)(settings).keywords()
    given = keywords.get("options") or os.environ.get("PGOPTIONS")
    options = [given] if given else []
    options.append("-c TimeZone=UTC")
    if kind is Kind.READ:
        options += [f"-c role={READ}", "-c default_transaction_read_only=on"]
        keywords["application_name"] += f" {kind}"
    return {
        "connect_timeout": settings.connect_timeout,
        **keywords,
        "options": " ".join(options),
    }
