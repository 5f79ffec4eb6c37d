"""A batch answers as its reports would alone, all of one moment."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from psycopg import Connection

from api.routes.batch import MOST
from api.routes.nouns import REPORTS
from api.serving import page_from
from tests.api.conftest import made
from tests.api.serving import client_of
from tests.api.test_reports import address
from tests.api.world import ONE, OTHER
from warehouse.db import keys

BATCH = "/v1/batch"


async def answers(client: httpx.AsyncClient, *wanted: str) -> list[dict[str, Any]]:
    answer = await client.post(BATCH, json={"requests": wanted})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["answers"]
    assert [each["request"] for each in found] == [*wanted]
    return found


async def test_each_answers_as_it_would_alone(tenant: httpx.AsyncClient) -> None:
    urls = [address(report) for report in REPORTS]
    parts = [urls[first : first + MOST] for first in range(0, len(urls), MOST)]
    found = [item for part in parts for item in await answers(tenant, *part)]
    for url, item in zip(urls, found, strict=True):
        alone = (await tenant.get(url)).json()
        assert item["status"] == 200
        assert {**item["body"], "as_of": ""} == {**alone, "as_of": ""}


async def test_what_is_wrong_with_one_leaves_the_others_be(tenant: httpx.AsyncClient) -> None:
    wrong = {
        "/v1/market/instruments?limit=0": (422, "invalid_parameter"),
        "/v1/market/instruments?cursor=x": (400, "bad_cursor"),
        "/v1/market/instruments?format=csv": (422, "invalid_parameter"),
        "/v1/nothing": (404, "not_found"),
        "/v1/batch": (404, "not_found"),
        "": (404, "not_found"),
        f"/v1/accounts/{OTHER.account}/trades": (404, "not_found"),
    }
    *refused, last = await answers(tenant, *wrong, "/v1/accounts")
    assert [(each["status"], each["body"]["code"]) for each in refused] == [*wrong.values()]
    assert last["body"]["data"][0]["account_hash"] == ONE.account


@pytest.mark.parametrize("lacking", ["drop table {}", "alter table {} drop column mark_day"])
async def test_a_failing_statement_is_only_its_own_problem(
    tenant: httpx.AsyncClient, conn: Connection[Any], lacking: str
) -> None:
    """A mart that is not there, and one that an older model made."""
    conn.execute(lacking.format("marts.portfolio_positions").encode())
    broken, whole = await answers(
        tenant, f"/v1/portfolios/{ONE.number}/positions", "/v1/portfolios"
    )
    assert (broken["status"], broken["body"]["code"]) == (503, "not_built")
    assert whole["status"] == 200


async def test_all_see_one_moment(
    tenant: httpx.AsyncClient, app: FastAPI, conn: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def then_change(*given: Any) -> Any:
        conn.execute("update portfolio.portfolios set name = 'changed ' || name")
        seen.append(given)
        return page_from(*given)

    monkeypatch.setattr("api.routes.batch.page_from", then_change)
    first, second = await answers(tenant, "/v1/portfolios", "/v1/portfolios?limit=5")
    assert len(seen) == 2
    assert first["body"]["data"] == second["body"]["data"]


async def test_bodies_that_are_none_are_refused(tenant: httpx.AsyncClient) -> None:
    for body in (
        b"",
        b"{",
        b"[]",
        b'{"requests": []}',
        b'{"requests": [1]}',
        b'{"requests": ["\\u0000"]}',
    ):
        answer = await tenant.post(BATCH, content=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_parameter"), body
    many = {"requests": ["/v1/accounts"] * 21}
    assert (await tenant.post(BATCH, json=many)).status_code == 422
    assert (await tenant.post(BATCH, content=b"x" * 300_000)).status_code == 413


async def test_each_counts_towards_the_rate_and_is_recorded(
    app: FastAPI, world: None, conn: Connection[Any]
) -> None:
    key = made(conn, "slow", keys.Grants(everything=True), rate_limit=3)
    async with client_of(app, key) as client:
        await answers(client, "/v1/accounts", "/v1/portfolios", "/v1/nothing")
        assert (await client.get("/v1/accounts")).status_code == 429
    reports = conn.execute("select report, status, row_count from audit.access order by 1")
    assert reports.fetchall() == [("account_list", 200, 2), ("portfolio_list", 200, 2)]
