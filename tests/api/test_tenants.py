"""A key sees its own tenant's and nothing of another's, by any route, also where the route is wrong.

Both go through all reports there are, so a new one is covered without being named here; it only needs
its rows in tests/api/world.py.
"""

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from psycopg import Connection, sql

from api.reports import Report
from api.routes.nouns import REPORTS
from api.routing import ReportRoute
from tests.api.conftest import made
from tests.api.serving import client_of
from tests.api.test_reports import address, call
from tests.api.world import ONE, OTHER
from warehouse.access import API
from warehouse.db import keys

MISSING = {"account": "no-such-account", "portfolio": "424242"}
# Routes under the version that are no report, each with its own test of this.
OTHERS = {"/v1/batch", "/v1/portfolios/{portfolio}/dashboard"}


def test_every_route_is_a_report_or_named_here(app: FastAPI) -> None:
    paths = {
        route.path  # type: ignore[attr-defined]
        for route in app.routes
        if getattr(route, "path", "").startswith("/v1") and not isinstance(route, ReportRoute)
    }
    assert paths <= OTHERS


def test_every_kind_of_subject_is_tried() -> None:
    assert {report.subject.name for report in REPORTS if report.subject} <= MISSING.keys()


async def test_what_is_anothers_is_missing_like_what_is_not_there(
    tenant: httpx.AsyncClient,
) -> None:
    for report in (report for report in REPORTS if report.subject):
        assert report.subject
        missing = address(report, OTHER).replace(
            str(getattr(OTHER, "account" if report.subject.name == "account" else "number")),
            MISSING[report.subject.name],
            1,
        )
        for form in ("json", "csv", "ndjson", "arrow"):
            answers = [
                await tenant.get(f"{url}&format={form}")
                for url in (address(report, OTHER), missing)
            ]
            anything = await tenant.get(address(report, OTHER), headers={"If-None-Match": "*"})
            assert anything.status_code == 404, report.name
            bodies = [answer.json() | {"request_id": ""} for answer in answers]
            assert [answer.status_code for answer in answers] == [404, 404], report.name
            assert bodies[0] == bodies[1], report.name


async def test_no_report_shows_anything_of_another_tenant(tenant: httpx.AsyncClient) -> None:
    for report in REPORTS:
        counted = {"count": "exact"} if report.order else {}
        for more in ({}, counted, *others_keys(report)):
            answer = await tenant.get(address(report, ONE, **more))
            assert answer.status_code == 200, answer.text
            assert OTHER.mark not in answer.text, report.name
        streamed = await tenant.get(address(report, format="csv"))
        assert OTHER.mark not in streamed.text


async def test_what_is_ones_own_is_shown(tenant: httpx.AsyncClient) -> None:
    """Else the test above would hold for an API that shows nothing."""
    shown = [report.name for report in REPORTS if ONE.mark in await text(tenant, report)]
    assert {"account_list", "account_orders", "alerts", "portfolio_list", "watchlists"} <= {*shown}


async def text(client: httpx.AsyncClient, report: Report) -> str:
    return (await client.get(address(report))).text


def others_keys(report: Report) -> list[dict[str, str]]:
    """Each optional filter by key, with the other tenant's."""
    names = (name for name in report.filters.model_fields if name.endswith("_id"))
    return [{name: str(OTHER.number)} for name in names]


def test_the_functions_keep_tenants_apart_by_themselves(
    tenant_key: str, conn: Connection[Any]
) -> None:
    key_id = id_of(conn, tenant_key)
    conn.execute(sql.SQL("set role {}").format(sql.Identifier(API)))
    for report in REPORTS:
        for tenant, mark in ((ONE, OTHER.mark), (OTHER, OTHER.mark)):
            statement, values = call(report, key_id, tenant)
            rows = conn.execute(statement.replace(b"count(*)", b"*"), values).fetchall()
            assert mark not in str(rows), report.name
            if report.subject and tenant is OTHER:
                assert rows == [], report.name


@pytest.mark.parametrize(
    "ended",
    [
        "update ops.api_keys set revoked_at = now()",
        "update ops.api_keys set expires_at = now() - interval '1 second'",
        "update ops.api_keys set scopes = '{}'::text[] || array['audit']",
        "update reference.principals set is_active = false",
        "delete from ops.api_keys where false; update ops.api_grants set api_key_id = api_key_id",
    ],
)
def test_a_key_that_ended_reads_nothing(tenant_key: str, conn: Connection[Any], ended: str) -> None:
    key_id = id_of(conn, tenant_key)
    if "where false" in ended:
        key_id = 987_654  # a key that never was
    conn.execute(ended.encode())
    conn.execute(sql.SQL("set role {}").format(sql.Identifier(API)))
    for report in (report for report in REPORTS if report.scope == "read"):
        statement, values = call(report, key_id, ONE)
        assert conn.execute(statement, values).fetchone() == (0,), report.name


async def test_one_account_is_not_the_portfolio(
    world: None, conn: Connection[Any], app: FastAPI
) -> None:
    key = made(conn, "account", keys.Grants(accounts=[ONE.account]))
    async with client_of(app, key) as client:
        accounts = (await client.get("/v1/accounts")).json()["data"]
        assert [row["account_hash"] for row in accounts] == [ONE.account]
        assert (await client.get("/v1/portfolios")).json()["data"] == []
        assert (await client.get(f"/v1/portfolios/{ONE.number}/positions")).status_code == 404
        assert (await client.get(f"/v1/accounts/{ONE.account}/trades")).json()["data"]


async def test_a_grant_taken_away_ends_what_was_kept_in_memory(
    tenant: httpx.AsyncClient, conn: Connection[Any]
) -> None:
    url = f"/v1/portfolios/{ONE.number}/positions"
    first = await tenant.get(url)
    assert (await tenant.get(url)).headers["server-timing"].startswith("cache;desc=hit")
    conn.execute("delete from portfolio.portfolio_accounts where portfolio_id = %s", [ONE.number])
    await told()
    for headers in ({}, {"If-None-Match": first.headers["etag"]}):
        answer = await tenant.get(url, headers=headers)
        assert (answer.status_code, answer.json()["data"]) == (200, [])
    conn.execute("delete from ops.api_grants")
    await told()
    assert (await tenant.get(url)).status_code == 404


async def told() -> None:
    """The notification is under way when the commit returns; the loop has only to read it."""
    await asyncio.sleep(0.05)


def id_of(conn: Connection[Any], key: str) -> int:
    row = conn.execute(
        "select api_key_id from ops.api_keys where secret_hash = %s", [keys.hash_of(key)]
    ).fetchone()
    assert row
    return int(row[0])
