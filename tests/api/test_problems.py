"""Whatever is wrong with a request, or behind it, is a problem that says what to do next."""

import asyncio
from typing import Any

import asyncpg
import httpx
from fastapi import FastAPI
from psycopg import connect

from api.cursors import encode
from api.errors import BY_SQLSTATE, from_driver
from api.settings import ServerSettings
from tests.api.serving import client_of, started
from warehouse.db.reports import install
from warehouse.db.target import Target

ROUTE = "/v1/market/instruments"
OTHER = encode(("market_instruments", "b", None, None), ["B", "1"])
TERMINATE = (
    "select pg_terminate_backend(pid) from pg_stat_activity"
    " where datname = current_database() and pid <> pg_backend_pid()"
)


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    )
    body: dict[str, Any] = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"].endswith(code)
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == answer.headers["x-request-id"]
    return body


async def test_a_wrong_parameter_is_named(client: httpx.AsyncClient) -> None:
    expected = {
        "q=%00": "q",
        "q=AA%00PL": "q",
        "q=": "q",
        "q=" + "a" * 101: "q",
        "limit=0": "limit",
        "limit=-1": "limit",
        "limit=1001": "limit",
        "limit=99999999999999999999999": "limit",
        "limit=1e3": "limit",
        "limit=NaN": "limit",
        "limit=1&limit=x": "limit",
        "active=perhaps": "active",
        "asset_type=shoe": "asset_type",
        "asset_type=%00": "asset_type",
        "cursor=" + "a" * 2001: "cursor",
        "offset=3": "offset",
    }
    for query, field in expected.items():
        body = problem(await client.get(f"{ROUTE}?{query}"), 422, "invalid_parameter")
        assert (query, body["field"]) == (query, field)


async def test_all_wrong_parameters_are_named(client: httpx.AsyncClient) -> None:
    body = problem(await client.get(f"{ROUTE}?limit=0&active=x"), 422, "invalid_parameter")
    assert {error["field"] for error in body["errors"]} == {"limit", "active"}


async def test_a_cursor_that_is_not_this_querys_is_refused(client: httpx.AsyncClient) -> None:
    for cursor in (
        "x",
        "é",
        "%00",
        "%ED%A0%80",
        "AAAA",
        "W10",
        "eyJhIjoxfQ",
        OTHER,
        f"{OTHER}&q=c",
    ):
        body = problem(await client.get(f"{ROUTE}?cursor={cursor}"), 400, "bad_cursor")
        assert body["field"] == "cursor"
        assert "without a cursor" in body["hint"]


async def test_odd_text_is_only_text(client: httpx.AsyncClient) -> None:
    for q in (
        "%EF%BF%BD",
        "%F4%8F%BF%BF",
        "%ED%A0%80",
        "';drop schema api;--",
        "$1",
        "a%5C",
        "ß" * 100,
    ):
        answer = await client.get(f"{ROUTE}?q={q}")
        assert (answer.status_code, answer.json()["data"]) == (200, []), q


async def test_an_unknown_path_is_a_problem(client: httpx.AsyncClient) -> None:
    for path in (
        "/nothing",
        "/v1",
        "/v1/%00",
        "/static/none",
        "/static/%00",
        "/static/..%2fapp.py",
    ):
        problem(await client.get(path), 404, "not_found")


async def test_another_method_is_a_problem_that_names_the_right_one(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post(ROUTE)
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET"


async def test_a_query_that_takes_too_long_is_given_up(
    served: Target, settings: ServerSettings, key: str
) -> None:
    quick = settings.model_copy(update={"statement_timeout": 0.2})
    async with started(served, quick) as app, client_of(app, key) as client:
        with connect(**served.keywords()) as conn:
            conn.execute("lock table reference.instruments")
            problem(await client.get(ROUTE), 504, "query_timeout")
        assert (await client.get(ROUTE)).status_code == 200


async def test_when_every_connection_is_in_use_one_is_told_to_come_back(
    client: httpx.AsyncClient, served: Target, settings: ServerSettings
) -> None:
    with connect(**served.keywords()) as conn:
        conn.execute("lock table reference.instruments")
        waiting = [
            asyncio.create_task(client.get(f"{ROUTE}?q={letter}"))
            for letter in "abcdefgh"[: settings.pool_size]
        ]
        await asyncio.sleep(0.1)
        answer = await client.get(ROUTE)
        problem(answer, 503, "busy")
        assert answer.headers["retry-after"] == "1"
        conn.rollback()
        assert [(await answer).status_code for answer in waiting] == [200] * settings.pool_size


async def test_a_lost_connection_is_replaced(client: httpx.AsyncClient, served: Target) -> None:
    assert (await client.get(ROUTE)).status_code == 200
    with connect(**served.keywords(), autocommit=True) as conn:
        conn.execute(TERMINATE)
    await asyncio.sleep(0.1)
    assert (await client.get(ROUTE)).status_code == 200


async def test_a_connection_that_is_lost_in_a_query_is_a_passing_problem(
    client: httpx.AsyncClient, served: Target
) -> None:
    with connect(**served.keywords()) as conn:
        conn.execute("lock table reference.instruments")
        waiting = asyncio.create_task(client.get(ROUTE))
        await asyncio.sleep(0.1)
        conn.execute(TERMINATE)
        answer = await waiting
        problem(answer, 503, "database_unavailable")
        assert answer.headers["retry-after"] == "5"


async def test_a_function_that_vanished_says_what_the_operator_has_to_do(
    client: httpx.AsyncClient, served: Target
) -> None:
    with connect(**served.keywords()) as conn:
        conn.execute("drop function api.market_instruments")
    assert "warehouse migrate" in problem(await client.get(ROUTE), 500, "not_migrated")["hint"]
    with connect(**served.keywords()) as conn:
        install(conn)
    assert (await client.get(ROUTE)).status_code == 200


async def test_a_bug_is_a_problem_without_its_insides(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    app.state.service = None
    body = problem(await client.get(ROUTE), 500, "internal_error")
    assert "NoneType" not in str(body)


def test_a_state_without_an_entry_is_judged_by_its_class() -> None:
    kinds = {
        asyncpg.NumericValueOutOfRangeError("too large"): "bad_value",
        asyncpg.DeadlockDetectedError("deadlock"): "busy",
        asyncpg.CannotConnectNowError("starting up"): "database_unavailable",
        asyncpg.SyntaxOrAccessError("?"): "internal_error",
    }
    assert {error: from_driver(error).kind.code for error in kinds} == kinds
    assert all(len(state) in {2, 5} for state in BY_SQLSTATE)
