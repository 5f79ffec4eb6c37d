"""What was answered from memory is answered again ahead of everything else, and no less strictly."""

from typing import Any

import httpx
import pytest
from psycopg import Connection

from api.app import Application
from tests.api import marts
from tests.api.conftest import made
from tests.api.serving import client_of
from tests.api.test_tenants import told
from tests.api.world import ONE, OTHER
from warehouse.db import keys

POSITIONS = f"/v1/portfolios/{ONE.number}/positions"


async def unasked(*_: object) -> None:
    raise AssertionError("the application was asked")


@pytest.fixture
async def known(tenant: httpx.AsyncClient, app: Application) -> httpx.AsyncClient:
    """A client whose question is known by heart, of an application that answers nothing else."""
    await told()
    for _ in range(2):
        assert (await tenant.get(POSITIONS)).status_code == 200
    app.state.front, app.front = app.front, unasked
    return tenant


async def hears(app: Application, client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    """What the whole application answers."""
    app.front = app.state.front
    return await client.get(POSITIONS, headers=headers)


async def test_it_is_the_same_answer_with_a_record_of_its_own(
    known: httpx.AsyncClient, app: Application, conn: Connection[Any]
) -> None:
    again = await known.get(POSITIONS, headers={"X-Request-Id": "again"})
    anew = await hears(app, known, **{"Cache-Control": "x", "X-Request-Id": "anew"})
    assert again.content == anew.content
    own = {"x-request-id", "server-timing"}
    assert {k: v for k, v in again.headers.items() if k not in own} == {
        k: v for k, v in anew.headers.items() if k not in own
    }
    assert again.headers["x-request-id"] == "again"
    rows = conn.execute(
        "select count(*), count(distinct (report, filter, status, row_count, api_key_id, principal_id))"
        " from audit.access"
    ).fetchone()
    assert rows == (4, 1)


async def test_what_the_reader_has_is_not_sent(known: httpx.AsyncClient, app: Application) -> None:
    tag = (await known.get(POSITIONS)).headers["etag"]
    first = await hears(app, known, **{"If-None-Match": tag})
    app.state.front, app.front = app.front, unasked
    again = await known.get(POSITIONS, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert first.headers.items() >= {k: again.headers[k] for k in ("etag", "vary")}.items()


@pytest.mark.parametrize(
    "change",
    [
        "update ops.api_keys set revoked_at = now() where name = 'tenant'",
        "update ops.api_keys set expires_at = now() where name = 'tenant'",
        "delete from ops.api_grants",
    ],
)
async def test_who_may_no_longer_is_told_so(
    known: httpx.AsyncClient, app: Application, conn: Connection[Any], change: str
) -> None:
    conn.execute(change.encode())
    await told()
    assert (await hears(app, known)).status_code in {401, 404}


async def test_a_new_generation_is_read(
    known: httpx.AsyncClient, app: Application, conn: Connection[Any]
) -> None:
    marts.renew(conn, "marts.portfolio_positions", 2)
    await told()
    assert (await hears(app, known)).json()["generation"] == "2"


async def test_a_database_that_is_not_heard_is_asked(
    known: httpx.AsyncClient, app: Application
) -> None:
    app.state.service.listener.detach()
    assert (await hears(app, known)).headers["server-timing"].startswith("cache;desc=miss")


async def test_it_is_known_of_one_key_only(
    known: httpx.AsyncClient, app: Application, conn: Connection[Any]
) -> None:
    other = made(conn, "other", OTHER.grants(), principal=OTHER.mark)
    await told()
    app.front = app.state.front
    async with client_of(app, other) as client:
        assert (await client.get(POSITIONS)).status_code == 404


async def test_it_counts_towards_the_rate(
    app: Application, world: None, conn: Connection[Any]
) -> None:
    key = made(conn, "slow", keys.Grants(everything=True), rate_limit=4)
    await told()
    async with client_of(app, key) as client:
        found = [(await client.get(POSITIONS)).status_code for _ in range(5)]
    assert found == [200, 200, 200, 200, 429]
    assert not app.state.service.limits.running


async def test_what_cannot_be_recorded_is_not_answered(
    known: httpx.AsyncClient, app: Application, conn: Connection[Any]
) -> None:
    conn.execute("revoke execute on all functions in schema audit from warehouse_access")
    answer = await known.get(POSITIONS, headers={"X-Request-Id": "lost"})
    assert (answer.status_code, answer.json()["code"]) == (503, "not_recorded")
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == "lost"
    assert "server-timing" not in answer.headers
    assert not app.state.service.limits.running


async def test_what_memory_let_go_of_is_read(known: httpx.AsyncClient, app: Application) -> None:
    app.state.service.cache.kept.clear()
    assert (await hears(app, known)).headers["server-timing"].startswith("cache;desc=miss")
