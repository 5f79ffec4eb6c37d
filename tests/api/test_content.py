"""What each report says of the world in tests/api/world.py, to the digit."""

from typing import Any

import httpx
import pytest
from psycopg import Connection

from tests.api.world import ONE

BARS = "/v1/market/bars?instrument_id=501&interval=1m&from=2026-01-05T14:30:00Z&to=2026-01-05T14:35:00Z"
CHAIN = "/v1/options/chain?underlying_id=501&expiration=2026-01-16&at="


async def rows(client: httpx.AsyncClient, url: str, *columns: str) -> list[tuple[Any, ...]]:
    answer = await client.get(url)
    assert answer.status_code == 200, answer.text
    return [tuple(row[column] for column in columns) for row in answer.json()["data"]]


async def test_bars_come_from_the_first_source_alone(tenant: httpx.AsyncClient) -> None:
    assert await rows(tenant, BARS, "bar_at", "open", "close", "volume") == [
        ("2026-01-05T14:30:00+00:00", "10.10", "10.20", "100"),
        ("2026-01-05T14:32:00+00:00", "10.20", "10.40", "50.5"),
    ]


@pytest.mark.parametrize(
    ("fill", "closes"),
    [
        ("null", ["10.20", None, "10.40", None, None]),
        ("previous", ["10.20", "10.20", "10.40", "10.40", "10.40"]),
    ],
)
async def test_missing_bars_are_filled_as_asked_in_pages_too(
    tenant: httpx.AsyncClient, fill: str, closes: list[str | None]
) -> None:
    filled = [False, True, False, True, True]
    url = f"{BARS}&fill={fill}"
    assert await rows(tenant, url, "close", "is_filled") == list(zip(closes, filled, strict=True))
    paged, cursor = [], ""
    for _ in range(5):
        body = (await tenant.get(f"{url}&limit=1{cursor}")).json()
        paged += [row["close"] for row in body["data"]]
        cursor = f"&cursor={body['next_cursor']}"
    assert (paged, body["next_cursor"]) == (closes, None)


async def test_bars_that_no_source_delivers_are_those_made_of_shorter_ones(
    tenant: httpx.AsyncClient, conn: Connection[Any]
) -> None:
    for interval in ("5m", "1d"):  # a day begins at the opening
        url = BARS.replace("1m", interval)
        made = [("2026-01-05T14:30:00+00:00", "10.40", False)]
        assert await rows(tenant, url, "bar_at", "close", "is_filled") == made
    assert await rows(tenant, BARS.replace("1m", "15m"), "close") == []
    conn.execute(
        "insert into market.bars (instrument_id, frequency, bar_at, source_id, open, high, low, close, volume)"
        " values (501, '5m', '2026-01-05 14:30+00', 1, 10, 10, 10, 10, 1)"
    )
    assert await rows(tenant, BARS.replace("1m", "5m"), "close") == [("10",)]


async def test_nothing_is_filled_outside_the_session(tenant: httpx.AsyncClient) -> None:
    night = BARS.replace("14:30:00Z&to", "22:00:00Z&to").replace("T14:35", "T23:00")
    assert await rows(tenant, f"{night}&fill=previous", "close") == []


async def test_a_position_is_worth_what_the_mart_says(tenant: httpx.AsyncClient) -> None:
    url = f"/v1/portfolios/{ONE.number}/positions"
    figures = ("account_hash", "quantity", "cost_basis", "market_value", "unrealized_pnl")
    assert await rows(tenant, f"{url}?held=true&asset_type=equity", *figures) == [
        (ONE.account, "7", "71.75", "73.50", None)
    ]
    assert await rows(tenant, f"{url}?held=false", "instrument_id") == [("502",)]
    assert await rows(tenant, f"{url}?asset_type=etf", "instrument_id") == []


async def test_trades_are_filtered_and_busts_left_out(
    tenant: httpx.AsyncClient, conn: Connection[Any]
) -> None:
    url = f"/v1/accounts/{ONE.account}/trades"
    assert await rows(tenant, f"{url}?side=sell", "quantity", "price") == [("3", "10.5000")]
    assert await rows(tenant, f"{url}?from=2026-01-05T15:00:02Z", "side") == [("sell",)]
    assert await rows(tenant, f"{url}?to=2026-01-05T15:00:02Z", "side") == [("buy",)]
    assert await rows(tenant, f"{url}?instrument_id=502", "side") == []
    conn.execute(
        "insert into trading.trades (account_id, executed_at, trade_id, kind, replaces_executed_at,"
        " replaces_trade_id, instrument_id, side, quantity, price, source_id) values (1001,"
        " '2026-01-05 15:00:02+00', 5000, 'bust', '2026-01-05 15:00:02+00', 1002, 501, 'sell', 3, 10.5, 1)"
    )
    assert await rows(tenant, url, "side") == [("buy",)]


async def test_an_order_shows_its_legs_and_fills(tenant: httpx.AsyncClient) -> None:
    url = f"/v1/accounts/{ONE.account}/orders"
    ((status, legs),) = await rows(tenant, f"{url}?open=false", "status", "legs")
    assert status == "filled"
    (leg,) = legs
    assert (leg["instruction"], leg["symbol"], leg["quantity"]) == ("buy", "SHARED", "10")
    assert leg["fills"] == [
        {"executed_at": "2026-01-05T15:00:01+00:00", "price": "10.2500", "quantity": "10"}
    ]
    assert await rows(tenant, f"{url}?open=true", "status") == []


async def test_a_transaction_shows_its_items(tenant: httpx.AsyncClient) -> None:
    url = f"/v1/accounts/{ONE.account}/transactions"
    ((amount, items),) = await rows(tenant, url, "net_amount", "items")
    assert amount == "-1.50"
    assert [(item["fee_type"], item["cost"]) for item in items] == [("taf_fee", "-1.50")]


async def test_figures_are_exact_and_filtered(tenant: httpx.AsyncClient) -> None:
    url = "/v1/market/fundamentals"
    exact = [("123456789012345678901234567890.5", 1.25)]
    assert await rows(tenant, f"{url}?instrument_id=501,502", "market_cap", "beta") == exact
    assert await rows(tenant, f"{url}?instrument_id=502", "symbol") == []
    assert await rows(tenant, f"{url}?sector=Energy", "symbol") == [("SHARED",)]


async def test_holders_are_those_of_the_newest_report(tenant: httpx.AsyncClient) -> None:
    url = "/v1/market/holders?instrument_id=501"
    assert await rows(tenant, url, "holder_name", "shares") == [("New Fund", "7.5")]
    assert await rows(tenant, f"{url}&reported=2026-01-01", "holder_name") == [("Old Fund",)]


async def test_a_chain_is_as_it_was_quoted_then(tenant: httpx.AsyncClient) -> None:
    figures = ("put_call", "bid", "delta")
    assert await rows(tenant, f"{CHAIN}2026-01-05T15:30:00Z", *figures) == [
        ("call", "0.50", 0.55),
        ("put", None, None),
    ]
    assert (await rows(tenant, f"{CHAIN}2026-01-05T16:00:00Z", "bid"))[0] == ("0.70",)
    assert (await rows(tenant, f"{CHAIN}2026-02-05T16:00:00Z", "bid"))[0] == (None,)
    expirations = "/v1/options/expirations?underlying_id=501"
    assert await rows(tenant, expirations, "expiration_date", "contract_count") == [
        ("2026-01-16", 2)
    ]
    assert await rows(tenant, f"{expirations}&since=2026-01-17", "expiration_date") == []


async def test_books_are_found_by_author_category_and_title(tenant: httpx.AsyncClient) -> None:
    found = [
        ("The Tape and Its Reader", [{"position": 1, "author_id": "811", "name": "Ann Author"}])
    ]
    for filters in (
        "author_id=811",
        "category_id=821",
        "q=tape",
        "q=reader+tape",
        "author_id=811&q=tape",
    ):
        assert await rows(tenant, f"/v1/library/books?{filters}", "title", "authors") == found
    for filters in ("author_id=1", "category_id=1", "q=clock"):
        assert await rows(tenant, f"/v1/library/books?{filters}", "title") == []


async def test_ones_own_alerts_and_lists_are_shown(tenant: httpx.AsyncClient) -> None:
    assert await rows(tenant, "/v1/alerts?dismissed=false", "message") == [(ONE.mark,)]
    assert await rows(tenant, "/v1/alerts?alert_type=risk", "message") == []
    ((name, items),) = await rows(tenant, "/v1/watchlists", "name", "items")
    assert (name, [item["symbol"] for item in items]) == (ONE.mark, ["SHARED"])


async def test_events_are_told_to_those_who_see_everything(
    client: httpx.AsyncClient, tenant: httpx.AsyncClient
) -> None:
    url = "/v1/audit/events?relation=trading.trades"
    written = await rows(client, url, "operation", "row_count")
    assert written[:2] == [("insert", 2)] * 2
    assert await rows(tenant, url, "operation") == []
    assert await rows(client, f"{url}&actor=nobody", "operation") == []


async def test_findings_about_accounts_are_told_to_those_who_see_all(
    client: httpx.AsyncClient, tenant: httpx.AsyncClient, conn: Connection[Any]
) -> None:
    conn.execute(
        "insert into ops.data_quality_findings (check_name, severity, relation, message)"
        " values ('duplicate', 'error', 'trading.trades', 'twice')"
    )
    url = "/v1/quality?open=true"
    assert len(await rows(client, url, "message")) == 2
    assert await rows(tenant, url, "message") == [("it jumped",)]


async def test_a_mart_that_has_not_seen_a_write_says_since_when(
    tenant: httpx.AsyncClient, conn: Connection[Any]
) -> None:
    for statement in (
        "create materialized view marts.feeds as select source_id from reference.sources",
        "insert into ops.generations (relation, generation, as_of) values ('marts.feeds', 7, now())",
        "insert into ops.matviews select 'marts.feeds', pg_current_snapshot(), sha256('x')",
    ):
        conn.execute(statement.encode())
    figures = ("relation", "generation", "waiting_since", "lag_seconds")
    assert ("marts.feeds", "7", None, 0) in await rows(tenant, "/v1/freshness", *figures)
    conn.execute("update reference.sources set description = 'new'")
    found = {row[0]: row for row in await rows(tenant, "/v1/freshness", *figures)}
    _, generation, since, lag = found["marts.feeds"]
    assert (generation, since is None, lag > 0) == ("7", False, True)
    checks = (await tenant.get("/health/ready")).json()["checks"]
    (marts,) = (check["detail"] for check in checks if check["name"] == "marts")
    assert marts.startswith("marts.feeds is ")
