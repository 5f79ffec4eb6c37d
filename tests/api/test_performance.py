"""What portfolios, accounts and strategies did is told as the marts have it, over any window of days."""

from typing import Any

import httpx
import pytest
from psycopg import Connection

from tests.api.marts import renew
from tests.api.test_content import rows
from tests.api.test_tenants import told
from tests.api.world import ONE

PORTFOLIO = f"/v1/portfolios/{ONE.number}"


async def single(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    answer = await client.get(url)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


async def test_a_history_is_read_over_a_window(tenant: httpx.AsyncClient) -> None:
    url = f"{PORTFOLIO}/history"
    days = [("2026-01-02",), ("2026-01-05",), ("2026-01-06",)]
    assert await rows(tenant, url, "value_day") == days
    window = f"{url}?from=2026-01-05&to=2026-01-06"
    assert await rows(tenant, window, "equity", "daily_return") == [("1100", 0.1)]
    refused = await tenant.get(f"{url}?from=2026-01-06&to=2026-01-05")
    assert refused.status_code == 422


async def test_a_performance_is_that_of_its_window(tenant: httpx.AsyncClient) -> None:
    url = f"{PORTFOLIO}/performance"
    whole = await single(tenant, url)
    assert (whole["session_count"], whole["opening_equity"], whole["gain"]) == (3, "0", "200")
    assert whole["twr"] == pytest.approx(1.1 * 1.047619047619 - 1)
    part = await single(tenant, f"{url}?from=2026-01-05&to=2026-01-06")
    assert (part["first_day"], part["last_day"]) == ("2026-01-05", "2026-01-05")
    assert (part["opening_equity"], part["closing_equity"]) == ("1000", "1100")
    # 10 % in the three days from the session before.
    assert part["xirr"] == pytest.approx(1.1 ** (365 / 3) - 1)
    none = await single(tenant, f"{url}?from=2027-01-01")
    assert (none["session_count"], none["twr"], none["xirr"]) == (0, None, None)


async def test_a_portfolio_is_summed_up_and_spread(tenant: httpx.AsyncClient) -> None:
    summary = await single(tenant, f"{PORTFOLIO}/summary")
    assert (summary["equity"], summary["total_pnl"], summary["twr"]) == ("2200", "200", None)
    url = f"{PORTFOLIO}/exposure"
    spread = [("currency", "USD", 1.0), ("sector", ONE.mark, 1.0)]
    assert await rows(tenant, url, "dimension", "bucket", "gross_weight") == spread
    assert await rows(tenant, f"{url}?dimension=sector", "bucket") == [(ONE.mark,)]
    executed = f"/v1/accounts/{ONE.account}/execution"
    assert await rows(tenant, executed, "period_start", "fees_bps") == [("2026-01-01", 149.25)]
    assert await rows(tenant, f"{executed}?to=2026-01-01", "fees_bps") == []


async def test_what_was_never_valued_is_null(
    tenant: httpx.AsyncClient, conn: Connection[Any]
) -> None:
    assert (await single(tenant, f"{PORTFOLIO}/risk"))["sharpe"] == 1.5
    account = f"/v1/accounts/{ONE.account}/summary"
    assert (await single(tenant, account))["day_change"] == "25"
    conn.execute("truncate marts.portfolio_risk, rollups.portfolio_value_daily")
    for relation in ("marts.portfolio_risk", "rollups.portfolio_value_daily"):
        renew(conn, relation, 2)
    await told()
    assert (await single(tenant, f"{PORTFOLIO}/risk"))["sharpe"] is None
    assert (await single(tenant, account))["equity"] is None


async def test_holdings_are_those_of_the_day_at_its_mark(tenant: httpx.AsyncClient) -> None:
    url = f"{PORTFOLIO}/holdings?day="
    figures = ("instrument_id", "quantity", "mark_price", "mark_day", "market_value")
    assert await rows(tenant, f"{url}2026-01-05", *figures) == [
        ("501", "7", "10.40", "2026-01-05", "72.80"),
        ("502", "4", None, None, "8"),
    ]
    assert await rows(tenant, f"{url}2026-01-04", "instrument_id", "value_day") == [
        ("502", "2026-01-02")
    ]
    assert await rows(tenant, f"{url}2026-01-01", "instrument_id") == []


async def test_what_was_realized_is_told_by_both_ways_of_matching(
    tenant: httpx.AsyncClient,
) -> None:
    url = f"{PORTFOLIO}/realized-pnl"
    figures = ("closing_count", "closed_quantity", "fifo_pnl", "average_pnl")
    assert await rows(tenant, url, *figures) == [(1, "3", "0.75", "0.60")]
    assert await rows(tenant, f"{url}?to=2026-01-05T15:00:02Z", *figures) == []
    assert await rows(tenant, f"{url}?instrument_id=502", *figures) == []


async def test_activity_is_that_of_all_accounts_newest_first(tenant: httpx.AsyncClient) -> None:
    url = f"{PORTFOLIO}/activity"
    assert await rows(tenant, url, "side", "quantity") == [("sell", "3"), ("buy", "10")]
    assert await rows(tenant, f"{url}?to=2026-01-05T15:00:02Z", "side") == [("buy",)]


async def test_strategies_are_judged_by_account(tenant: httpx.AsyncClient) -> None:
    url = "/v1/strategies/performance"
    figures = ("strategy_id", "trade_count", "net_pnl", "win_rate")
    assert await rows(tenant, url, *figures) == [("601", 2, "-1.25", 1.0)]
    assert await rows(tenant, f"{url}?account={ONE.account}", "strategy_id") == [("601",)]
    assert await rows(tenant, f"{url}?strategy_id=602", "strategy_id") == []
    assert await rows(tenant, "/v1/strategies", "name") == [("trend",)]


async def test_indicators_that_are_not_stored_are_computed_and_flagged(
    tenant: httpx.AsyncClient, conn: Connection[Any]
) -> None:
    url = "/v1/market/indicators/history?instrument_id=501"
    figures = ("indicator_day", "sma_20", "is_computed")
    stored = [("2026-01-02", 10.0, False), ("2026-01-05", 10.1, False)]
    assert await rows(tenant, url, *figures) == stored
    # With an average of 20 days, when 18 more have come that no refresh has seen.
    conn.execute(
        "insert into market.bars (instrument_id, frequency, bar_at, source_id, open, high, low, close, volume)"
        " select 501, '1d', timestamptz '2026-01-06 14:30+00' + n * interval '1 day', 1, 10, 90, 1, 10 + n, 5"
        " from generate_series(0, 17) as n"
    )
    whole = await rows(tenant, url, *figures)
    mean = (9.90 + 10.40 + sum(range(10, 28))) / 20
    assert whole[:3] == [*stored, ("2026-01-06", None, True)]
    assert whole[-1] == ("2026-01-23", pytest.approx(mean), True)
    assert await rows(tenant, f"{url}&from=2026-01-05&limit=1", *figures) == stored[1:]
    # And of an instrument of which nothing is stored.
    conn.execute("truncate rollups.technical_indicators")
    assert {computed for _, _, computed in await rows(tenant, url, *figures)} == {True}
    newest = await rows(tenant, "/v1/market/indicators?instrument_id=501", "symbol", "sma_20")
    assert newest == [("SHARED", 10.1)]


async def test_income_and_fees_are_told_by_kind_and_month(tenant: httpx.AsyncClient) -> None:
    url = f"/v1/accounts/{ONE.account}/income"
    assert await rows(tenant, url, "kind", "amount") == [("dividend", "1001"), ("taf_fee", "-1.50")]
    assert await rows(tenant, f"{url}?kind=taf_fee", "amount") == [("-1.50",)]
    assert await rows(tenant, f"{url}?from=2026-02-01", "amount") == []
