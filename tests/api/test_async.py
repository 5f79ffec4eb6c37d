"""Nothing here waits for what it need not: the loop runs on, twins share a read, who leaves is let go."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from psycopg import Connection

from api.routes.nouns import REPORTS
from api.settings import ServerSettings
from tests.api.conftest import made
from tests.api.serving import client_of, started
from tests.api.test_reports import address
from warehouse.db import keys
from warehouse.db.target import Target

ROUTE = "/v1/market/instruments"
ACTIVE = (
    "select count(*) from pg_stat_activity where datname = current_database()"
    " and state = 'active' and query like '%api.%' and pid <> pg_backend_pid()"
)
LONGEST_BLOCK = 0.05


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """How long each step of the loop took, less what it waited for a processor that others had."""
    taken: list[float] = []
    run = asyncio.Handle._run
    with Path("/proc/thread-self/schedstat").open("rb", buffering=0) as queue:

        def now() -> float:
            _, waited, _ = os.pread(queue.fileno(), 100, 0).split()
            return time.monotonic() - int(waited) / 1e9

        def timed(handle: asyncio.Handle) -> None:
            began = now()
            run(handle)
            taken.append(now() - began)

        monkeypatch.setattr(asyncio.Handle, "_run", timed)
        yield taken


async def test_the_loop_is_never_blocked_under_load(
    served: Target,
    world: None,
    conn: Connection[Any],
    settings: ServerSettings,
    steps: list[float],
) -> None:
    """Every report in every form by many at once, with large pages, compressed, kept in memory and not."""
    conn.execute(
        "insert into reference.instruments (instrument_id, symbol, asset_type, exchange, currency, company_name)"
        " select 10000 + n, 'S' || n, 'equity', 'XNYS', 'USD', repeat('company ', 8) from generate_series(1, 5000) as n"
    )
    key = made(conn, "load", keys.Grants(everything=True))
    roomy = settings.model_copy(
        update={"pool_size": 4, "pool_wait": 30, "pool_queue": 1000, "concurrency_limit": 1000}
    )
    urls = [address(report, format=form) for report in REPORTS for form in ("json", "csv", "arrow")]
    urls += [f"{ROUTE}?limit=1000", f"{ROUTE}?format=arrow", f"{ROUTE}?format=ndjson"] * 3
    async with started(served, roomy) as app, client_of(app, key) as client:
        await asyncio.gather(*(client.get(url) for url in urls))  # connections are made once
        longest: list[float] = []
        while len(longest) < 5 and min(longest, default=1) >= LONGEST_BLOCK:
            steps.clear()
            answers = await asyncio.gather(*(client.get(url) for url in urls))
            assert {answer.status_code for answer in answers} == {200}
            longest.append(max(steps))
    # What blocks does so every time; the hiccups of a busy machine do not come five times in turn.
    assert min(longest) < LONGEST_BLOCK


async def test_twins_share_one_read(
    client: httpx.AsyncClient, app: FastAPI, conn: Connection[Any]
) -> None:
    with conn.transaction():
        conn.execute("lock table reference.instruments")
        twins = [asyncio.create_task(client.get(ROUTE)) for _ in range(10)]
        await until(lambda: app.state.service.flights.shared == 9 and active(conn) == 1)
    assert [(await twin).status_code for twin in twins] == [200] * 10


async def test_who_leaves_takes_the_query_along(
    app: FastAPI, key: str, conn: Connection[Any]
) -> None:
    with conn.transaction():
        conn.execute("lock table reference.instruments")
        for query in (b"", b"format=csv"):
            leave = asyncio.Event()
            request = asyncio.create_task(ask(app, key, query, leave))
            await until(lambda: active(conn) == 1)
            leave.set()
            assert await request == 499
            await until(lambda: active(conn) == 0)
    await until(lambda: not app.state.service.limits.running)
    assert app.state.service.reader.pool.get_idle_size() >= 1


async def test_a_twin_who_stays_gets_the_answer(
    app: FastAPI, client: httpx.AsyncClient, key: str, conn: Connection[Any]
) -> None:
    with conn.transaction():
        conn.execute("lock table reference.instruments")
        leave = asyncio.Event()
        leaving = asyncio.create_task(ask(app, key, b"", leave))
        await until(lambda: active(conn) == 1)
        staying = asyncio.create_task(client.get(ROUTE))
        await until(lambda: app.state.service.flights.shared == 1)
        leave.set()
        assert await leaving == 499
        await until(lambda: active(conn) == 1)
    assert (await staying).status_code == 200


async def test_more_than_may_wait_are_told_at_once(
    served: Target, key: str, settings: ServerSettings, conn: Connection[Any]
) -> None:
    narrow = settings.model_copy(update={"pool_size": 1, "pool_queue": 1, "pool_wait": 30})
    async with started(served, narrow) as app, client_of(app, key) as client:
        assert (await client.get(ROUTE)).status_code == 200
        with conn.transaction():
            conn.execute("lock table reference.instruments")
            asking = [asyncio.create_task(client.get(f"{ROUTE}?q={q}")) for q in "abc"]
            done, _ = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED, timeout=10)
            (refused,) = done
            answer = refused.result()
            assert (answer.status_code, answer.json()["code"]) == (503, "busy")
            assert answer.headers["retry-after"] == "1"


async def test_the_listening_connection_comes_back(
    app: FastAPI, conn: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.listening.PAUSE", 0.01)
    listener = app.state.service.listener
    assert listener.heard
    conn.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and query ~ 'api.generations' and pid <> pg_backend_pid()"
    )
    await until(lambda: not listener.heard)
    conn.execute(
        "insert into ops.generations (relation, generation, as_of) values ('marts.new', 5, now())"
    )
    await until(lambda: listener.heard)
    assert listener.generation_of(["marts.new"]) == "5"


async def test_a_stream_waits_for_its_reader_and_ends_with_him(
    app: FastAPI, world: None, conn: Connection[Any], key: str
) -> None:
    conn.execute(
        "insert into reference.instruments (instrument_id, symbol, asset_type, exchange, currency, company_name)"
        " select 10000 + n, 'S' || n, 'equity', 'XNYS', 'USD', repeat('x', 900) from generate_series(1, 20000) as n"
    )
    sent: list[int] = []
    leave, reading = asyncio.Event(), asyncio.Event()

    async def send(message: dict[str, Any]) -> None:
        sent.append(len(message.get("body", b"")))
        if sum(sent) > 1_000_000:
            await reading.wait()

    request = asyncio.create_task(ask(app, key, b"format=ndjson", leave, send))
    await until(lambda: sum(sent) > 1_000_000)
    await asyncio.sleep(0.2)
    assert sum(sent) < 2_000_000  # of 20 million: the rest is still in the database
    assert active(conn) == 1
    leave.set()
    await request
    await until(lambda: active(conn) == 0)
    assert not app.state.service.limits.running


async def ask(
    app: FastAPI,
    key: str,
    query: bytes,
    leave: asyncio.Event,
    send: Callable[[dict[str, Any]], Awaitable[None]] | None = None,
) -> int:
    """A request whose client leaves when it is told to; the status it would have got."""
    statuses: list[int] = []
    bodies = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if bodies:
            return bodies.pop()
        await leave.wait()
        return {"type": "http.disconnect"}

    async def tell(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])
        if send:
            await send(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": ROUTE,
        "raw_path": ROUTE.encode(),
        "query_string": query,
        "root_path": "",
        "headers": [(b"authorization", f"Bearer {key}".encode())],
        "client": ("127.0.0.1", 1),
        "server": ("api", 80),
    }
    await app(scope, receive, tell)
    return statuses[0]


def active(conn: Connection[Any]) -> int:
    conn.execute("select pg_stat_clear_snapshot()")  # a transaction looks once and remembers
    (count,) = conn.execute(ACTIVE).fetchone() or (0,)
    return int(count)


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
