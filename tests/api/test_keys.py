"""Keys are made, listed, rotated and revoked by a command; only one that lives and may is let in."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from psycopg import Connection
from typer.testing import CliRunner

from tests.api.conftest import made
from tests.api.serving import client_of
from tests.api.test_tenants import told
from tests.api.world import ONE
from warehouse.cli import app as commands
from warehouse.db import keys

ROUTE = "/v1/market/instruments"
ALL = keys.Grants(everything=True)
Warehouse = Callable[..., str]


@pytest.fixture
def warehouse(served: object) -> Warehouse:
    """Run `warehouse keys …`; what it printed."""

    def run(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(commands, ["keys", *arguments])
        assert result.exit_code == code, result.output
        return result.stdout

    return run


async def status(app: FastAPI, key: str | None, route: str = ROUTE) -> int:
    async with client_of(app, key) as client:
        return (await client.get(route)).status_code


async def test_a_new_key_is_shown_once_and_lets_in(warehouse: Warehouse, app: FastAPI) -> None:
    output = warehouse("create", "dashboard", "--scope", "read", "--all")
    key = output.splitlines()[-1]
    assert output == f"{key}\n"
    assert await status(app, key) == 200
    (listed,) = json.loads(warehouse("list", "--json"))
    assert key.startswith(listed["prefix"])
    assert key not in json.dumps(listed)
    assert {name: listed[name] for name in ("name", "principal", "scopes", "sees", "state")} == {
        "name": "dashboard",
        "principal": "dashboard",
        "scopes": "read",
        "sees": "everything",
        "state": "live",
    }
    assert listed["last_used_at"] is not None


def test_the_database_keeps_no_key(warehouse: Warehouse, conn: Connection[Any]) -> None:
    key = warehouse("create", "dashboard", "--scope", "read", "--all").splitlines()[-1]
    for table in ("ops.api_keys", "audit.images", "audit.events"):
        rows = conn.execute(f"select t::text from {table} as t").fetchall()
        assert rows
        assert key not in str(rows)
        assert keys.hash_of(key).hex() not in str(rows) or table == "ops.api_keys"


def test_grants_are_to_what_is_there(world: None, warehouse: Warehouse) -> None:
    warehouse("create", "a", "--scope", "read", "--account", ONE.account, "--portfolio", "1001")
    (listed,) = json.loads(warehouse("list", "--json"))
    assert listed["sees"] == f"account {ONE.account}, portfolio 1001"
    for wrong in (("--account", "nobody's"), ("--portfolio", "7"), ("--principal", "nobody")):
        warehouse("create", "b", "--scope", "read", *wrong, code=1)
    assert len(json.loads(warehouse("list", "--json"))) == 1
    warehouse("create", "b", "--scope", "write", code=2)


async def test_a_rotated_key_works_for_its_grace_and_its_successor_after(
    world: None, warehouse: Warehouse, app: FastAPI
) -> None:
    made_ = ("create", "a", "--scope", "read", "--portfolio", "1001", "--expires", "2999-01-01")
    old = warehouse(*made_).splitlines()[-1]
    new = warehouse("rotate", prefix(old), "--grace-hours", "1").splitlines()[-1]
    assert [await status(app, key) for key in (old, new)] == [200, 200]
    first, second = json.loads(warehouse("list", "--json"))
    assert first["expires_at"] < second["expires_at"] == "2999-01-01 00:00:00+00:00"
    assert (second["name"], second["sees"]) == ("a", "portfolio 1001")
    newest = warehouse("rotate", prefix(new), "--grace-hours", "0").splitlines()[-1]
    await told()
    assert [await status(app, key) for key in (old, new, newest)] == [200, 401, 200]
    warehouse("rotate", prefix(new), code=1)


async def test_a_revoked_key_is_shut_out(app: FastAPI, key: str, warehouse: Warehouse) -> None:
    assert await status(app, key) == 200
    warehouse("revoke", prefix(key))
    await told()
    assert await status(app, key) == 401
    warehouse("revoke", prefix(key), code=1)


async def test_who_has_left_is_shut_out(app: FastAPI, key: str, conn: Connection[Any]) -> None:
    assert await status(app, key) == 200
    conn.execute("update reference.principals set is_active = false")
    await told()
    assert await status(app, key) == 401


async def test_without_a_key_nothing_is_told_but_how_to_get_one(app: FastAPI, key: str) -> None:
    for header in (
        "",
        "Bearer",
        "Bearer x",
        f"Basic {key}",
        f"Bearer {key}x",
        "Bearer " + "x" * 9999,
    ):
        async with client_of(app) as client:
            answer = await client.get(f"{ROUTE}?limit=0", headers={"Authorization": header})
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), header
            assert answer.headers["www-authenticate"] == "Bearer"
    async with client_of(app) as client:
        assert (await client.get(ROUTE)).status_code == 401
        for path in ("/health/live", "/docs", "/openapi.json"):
            assert (await client.get(path)).status_code == 200


async def test_a_scope_that_is_missing_is_named(app: FastAPI, conn: Connection[Any]) -> None:
    reads, audits = (made(conn, name, ALL, scopes=[name]) for name in ("read", "audit"))
    assert await status(app, reads, "/v1/audit/events") == 403
    assert await status(app, audits, "/v1/audit/events") == 200
    async with client_of(app, audits) as client:
        answer = await client.get(ROUTE)
        assert (answer.status_code, answer.json()["scope"]) == (403, "read")
        assert "insufficient_scope" in answer.headers["www-authenticate"]


async def test_a_key_is_looked_up_once(client: httpx.AsyncClient, app: FastAPI) -> None:
    await told()  # of the key's own making
    found: list[object] = []
    keys_ = app.state.service.keys
    really = keys_.find

    async def counted(**by: object) -> Any:
        found.append(by)
        return await really(**by)

    keys_.find = counted
    for _ in range(3):
        assert (await client.get(ROUTE)).status_code == 200
    assert len(found) == 1


async def test_a_key_may_ask_so_often_and_is_told_when_again(
    app: FastAPI, conn: Connection[Any]
) -> None:
    key = made(conn, "slow", ALL, rate_limit=2)
    async with client_of(app, key) as client:
        answers = [await client.get(ROUTE) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].json()["code"] == "rate_limited"
    assert 0 < int(answers[-1].headers["retry-after"]) <= 30


async def test_a_key_may_ask_so_much_at_once(app: FastAPI, conn: Connection[Any]) -> None:
    key = made(conn, "narrow", ALL, concurrency_limit=1)
    async with client_of(app, key) as client:
        with conn.transaction():
            conn.execute("lock table reference.instruments")
            first = asyncio.create_task(client.get(ROUTE))
            await asyncio.sleep(0.1)
            second = await client.get(f"{ROUTE}?q=a")
        assert (second.status_code, second.json()["code"]) == (429, "too_many_at_once")
        assert (await first).status_code == 200
        assert (await client.get(ROUTE)).status_code == 200


def prefix(key: str) -> str:
    return "_".join(key.split("_")[:2])
