"""A dashboard is its reports, asked for at one time and recorded like them."""

import asyncio
from typing import Any

import httpx
from fastapi import FastAPI
from psycopg import Connection

from tests.api.conftest import made
from tests.api.serving import client_of
from tests.api.test_async import active, until
from tests.api.world import ONE, OTHER
from warehouse.db import keys

DASHBOARD = f"/v1/portfolios/{ONE.number}/dashboard"


async def test_its_parts_are_what_the_reports_say(
    tenant: httpx.AsyncClient, conn: Connection[Any]
) -> None:
    answer = await tenant.get(DASHBOARD)
    assert answer.status_code == 200, answer.text
    alone = {
        "summary": f"/v1/portfolios/{ONE.number}/summary",
        "activity": f"/v1/portfolios/{ONE.number}/activity",
        "alerts": "/v1/alerts?dismissed=false",
    }
    for part, url in alone.items():
        assert answer.json()[part]["data"] == (await tenant.get(url)).json()["data"]


async def test_it_is_nobody_elses_and_is_recorded(
    tenant: httpx.AsyncClient, conn: Connection[Any]
) -> None:
    assert (await tenant.get(DASHBOARD)).status_code == 200
    recorded = "select report, status from audit.access order by report"
    assert conn.execute(recorded).fetchall() == [
        ("alerts", 200),
        ("portfolio_activity", 200),
        ("portfolio_summary", 200),
    ]
    for wrong in (str(OTHER.number), "424242"):
        answer = await tenant.get(DASHBOARD.replace(str(ONE.number), wrong))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_it_is_not_sent_twice_until_a_part_changes(
    tenant: httpx.AsyncClient, conn: Connection[Any]
) -> None:
    tag = (await tenant.get(DASHBOARD)).headers["etag"]
    again = await tenant.get(DASHBOARD, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    recorded = "select status, count(*) from audit.access group by 1 order by 1"
    assert conn.execute(recorded).fetchall() == [(200, 3), (304, 3)]
    conn.execute("update reference.instruments set symbol = 'NEW' where symbol = 'SHARED'")
    assert (await tenant.get(DASHBOARD, headers={"If-None-Match": tag})).status_code == 200


async def test_its_parts_are_read_at_the_same_time(
    app: FastAPI, world: None, conn: Connection[Any]
) -> None:
    key = made(conn, "wide", keys.Grants(everything=True))
    async with client_of(app, key) as client:
        await client.get(DASHBOARD)  # connections and plans
        with conn.transaction():
            conn.execute("lock table portfolio.alerts, trading.trades")
            asking = asyncio.create_task(client.get(DASHBOARD))
            await until(lambda: active(conn) == 2)
        assert (await asking).status_code == 200
