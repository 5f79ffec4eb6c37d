"""Instruments and options are found by what is asked of them, all together."""

import httpx

from tests.api.test_content import rows
from tests.api.world import ONE


async def test_the_screener_takes_any_filters_together(tenant: httpx.AsyncClient) -> None:
    url = "/v1/market/screener"
    expected = {
        "": ["SHARED", "SECOND"],
        "?filter=price:min:10.40": ["SHARED", "SECOND"],
        "?filter=price:max:10.4": ["SHARED"],
        "?filter=market_cap:min:2000000": ["SECOND"],
        "?filter=trailing_pe:max:15,rsi_14:max:30": ["SHARED"],
        "?filter=trailing_pe:max:15&filter=rsi_14:min:30": [],
        "?sector=Energy&asset_type=equity&filter=rsi_14:min:50": ["SECOND"],
        "?sector=Space": [],
    }
    for query, symbols in expected.items():
        found = await rows(tenant, url + query, "symbol")
        assert found == [(symbol,) for symbol in symbols], query
    for wrong in ("secret:min:1", "price:over:1", "price:min:x", "price:min:1;--", "price", ""):
        answer = await tenant.get(url, params={"filter": wrong})
        assert (answer.status_code, answer.json()["field"]) == (422, "filter"), wrong


async def test_the_newest_prices_come_for_many_at_once(tenant: httpx.AsyncClient) -> None:
    url = "/v1/market/latest"
    price = [("SHARED", "10.40", 0.05)]
    for query in ("instrument_id=501,502", "symbol=SHARED,NONE", "symbol=SHARED&instrument_id=501"):
        assert await rows(tenant, f"{url}?{query}", "symbol", "price", "price_change_pct") == price
    assert await rows(tenant, f"{url}?symbol=NONE", "symbol") == []
    owned = "/v1/market/ownership?instrument_id=501"
    assert await rows(tenant, owned, "holder_count", "shares") == [(1, "7.5")]


async def test_options_are_scanned_by_what_is_asked_of_them(tenant: httpx.AsyncClient) -> None:
    found = [("SHARED260116C00010000", 11, "250")]
    url = "/v1/options/scan"
    for query in (
        "underlying_id=501",
        "min_days=11&max_days=11&put_call=call",
        "min_delta=0.5&max_delta=0.7",
        "min_open_interest=250&min_volatility=0.3&max_volatility=0.3",
    ):
        figures = ("osi_symbol", "days_to_expiration", "open_interest")
        assert await rows(tenant, f"{url}?{query}", *figures) == found, query
    for query in ("min_days=12", "max_delta=0.5", "min_open_interest=251", "put_call=put"):
        assert await rows(tenant, f"{url}?{query}", "osi_symbol") == [], query


async def test_the_volume_of_options_is_told_by_day(tenant: httpx.AsyncClient) -> None:
    newest = "/v1/options/volume?underlying_id=501"
    assert await rows(tenant, newest, "call_volume", "put_call_ratio") == [("10", 0.5)]
    daily = "/v1/options/volume/daily?underlying_id=501"
    assert await rows(tenant, daily, "call_volume") == [("7",), ("10",)]
    assert await rows(tenant, f"{daily}&from=2026-01-05", "call_volume") == [("10",)]


async def test_greeks_are_those_of_what_is_held(tenant: httpx.AsyncClient) -> None:
    url = f"/v1/portfolios/{ONE.number}/greeks"
    ((symbol, contracts, unquoted, delta, value, gamma),) = await rows(
        tenant, url, "underlying_symbol", "contract_count", "unquoted_count", "delta",
        "delta_value", "gamma",
    )  # fmt: skip
    assert (symbol, contracts, unquoted) == ("SHARED", 2, 1)
    assert (delta, gamma) == (120.0, 10.0)  # 2 contracts of 100 units each
    assert value == 120.0 * 10.40


async def test_what_was_written_and_how_new_it_is_is_told(
    client: httpx.AsyncClient, world: None
) -> None:
    written = await rows(client, "/v1/audit/summary", "relation", "row_count")
    assert written == [("trading.trades", "4")]
    assert await rows(client, "/v1/freshness/data?kind=table", "relation", "kind") == [
        ("trading.trades", "table")
    ]
    assert await rows(client, "/v1/freshness/data?kind=rollup", "relation") == []
