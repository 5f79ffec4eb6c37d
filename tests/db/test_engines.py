"""One pool per process, kind and loop; bounded, honest about what it is doing, and safe to fork."""

import asyncio
import gc
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from psycopg import connect
from sqlalchemy import text

from warehouse.db.engines import (
    Kind,
    PoolStatistics,
    async_dispose,
    async_engine,
    dispose,
    engine,
    pool_statistics,
)
from warehouse.db.sessions import WriteSession, async_writing, reading, writing
from warehouse.db.target import Target
from warehouse.errors import PoolExhausted

pytestmark = pytest.mark.usefixtures("database")

PID = text("select pg_backend_pid()")


def pid(session: WriteSession) -> int:
    return int(session.scalar(PID) or 0)


def test_a_process_has_one_engine_of_each_kind() -> None:
    assert engine(Kind.WRITE) is engine(Kind.WRITE)
    assert engine(Kind.WRITE) is not engine(Kind.READ)


def test_importing_the_package_reads_no_settings_and_opens_nothing() -> None:
    environment = os.environ | {"WAREHOUSE_POOL_SIZE": "none", "WAREHOUSE_DATABASE_URL": "nonsense"}
    imports = "import warehouse.db.sessions, warehouse.db.retry, warehouse.access"
    subprocess.run([sys.executable, "-W", "error", "-c", imports], env=environment, check=True)


def test_nothing_is_connected_before_it_is_needed() -> None:
    with writing():
        assert [(s.checked_in, s.checked_out) for s in pool_statistics()] == [(0, 0)]


def test_the_pool_follows_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"SIZE": "3", "OVERFLOW": "1", "RECYCLE": "60"}.items():
        monkeypatch.setenv(f"WAREHOUSE_POOL_{name}", value)
    with writing() as a, writing() as b, writing() as c, writing() as d:
        for session in (a, b, c, d):
            session.execute(PID)
        assert pool_statistics() == [
            PoolStatistics(
                Kind.WRITE,
                asynchronous=False,
                size=3,
                checked_in=0,
                checked_out=4,
                overflow=1,
                waiting=0,
            )
        ]
    (after,) = pool_statistics()
    assert (after.checked_in, after.checked_out, after.overflow) == (3, 0, 0)


def test_each_pool_has_its_own_statistics() -> None:
    with reading() as reader:
        reader.execute(PID)
        with writing() as writer:
            writer.execute(PID)
        found = {s.kind: s.checked_out for s in pool_statistics()}
    assert found == {Kind.READ: 1, Kind.WRITE: 0}


@pytest.mark.usefixtures("small_pool")
def test_who_waits_too_long_for_a_connection_is_told() -> None:
    with writing() as holder:
        holder.execute(PID)
        with pytest.raises(PoolExhausted, match="in use"), writing() as session:
            session.execute(PID)
        (statistics,) = pool_statistics()
    assert (statistics.checked_out, statistics.waiting) == (1, 0)


@pytest.mark.usefixtures("small_pool")
def test_who_waits_for_a_connection_is_counted(
    monkeypatch: pytest.MonkeyPatch, until: Callable[[Callable[[], bool]], None]
) -> None:
    monkeypatch.setenv("WAREHOUSE_POOL_TIMEOUT", "60")

    def work() -> int:
        with writing() as session:
            return pid(session)

    with ThreadPoolExecutor(1) as threads:
        with writing() as holder:
            held = holder.scalar(PID)
            waiting = threads.submit(work)
            until(lambda: pool_statistics()[0].waiting == 1)
        assert waiting.result() == held  # the one connection, handed on
    assert pool_statistics()[0].waiting == 0


@pytest.mark.usefixtures("small_pool")
def test_a_connection_that_died_in_the_pool_is_replaced_unnoticed(database: Target) -> None:
    with writing() as session:
        pooled = pid(session)
    with connect(**database.keywords()) as conn:
        conn.execute("select pg_terminate_backend(%s, 60000)", [pooled])
    with writing() as session:
        assert pid(session) != pooled


def test_an_engine_that_was_disposed_of_comes_back_new() -> None:
    with writing() as session:
        first = session.scalar(PID)
    dispose()
    assert pool_statistics() == []
    with writing() as session:
        assert session.scalar(PID) != first


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.usefixtures("small_pool")
def test_a_forked_child_opens_its_own_connections_and_spares_its_parents() -> None:
    with writing() as session:
        parents = session.scalar(PID)
    readable, writable = os.pipe()
    child = os.fork()
    if not child:
        try:
            with writing() as session:
                os.write(writable, str(session.scalar(PID)).encode())
            dispose()
            gc.collect()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writable)
    with os.fdopen(readable) as answer:
        childs = int(answer.read())
    with writing() as session:
        assert session.scalar(PID) == parents != childs


# -- async -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("loop")
async def test_a_loop_has_one_engine_of_each_kind() -> None:
    assert await async_engine(Kind.WRITE) is await async_engine(Kind.WRITE)
    assert await async_engine(Kind.WRITE) is not await async_engine(Kind.READ)


@pytest.mark.usefixtures("loop", "small_pool")
async def test_a_task_that_waits_too_long_for_a_connection_is_told() -> None:
    async with async_writing() as holder:
        await holder.execute(PID)
        with pytest.raises(PoolExhausted):
            async with async_writing() as session:
                await session.execute(PID)


@pytest.mark.usefixtures("loop", "small_pool")
async def test_a_task_that_waits_for_a_connection_is_counted(
    monkeypatch: pytest.MonkeyPatch, until: Callable[[Callable[[], bool]], None]
) -> None:
    monkeypatch.setenv("WAREHOUSE_POOL_TIMEOUT", "60")

    async def work() -> int | None:
        async with async_writing() as session:
            found: int | None = await session.scalar(PID)
            return found

    async with async_writing() as holder:
        held = await holder.scalar(PID)
        task = asyncio.create_task(work())
        await asyncio.to_thread(until, lambda: pool_statistics()[0].waiting == 1)
        (statistics,) = pool_statistics()
    assert (statistics.asynchronous, statistics.checked_out, statistics.waiting) == (True, 1, 1)
    assert await task == held


def test_a_second_loop_gets_an_engine_of_its_own_and_closes_what_the_first_left() -> None:
    async def work() -> int | None:
        async with async_writing() as session:
            found: int | None = await session.scalar(PID)
            return found

    async def work_and_end() -> int | None:
        try:
            return await work()
        finally:
            assert len(pool_statistics()) == 1
            await async_dispose()

    assert asyncio.run(work()) != asyncio.run(work_and_end())
    assert pool_statistics() == []
