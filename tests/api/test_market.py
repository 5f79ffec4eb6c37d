"""Instruments are found by symbol or name, in pages that hold each of them once."""

from itertools import product
from typing import Any, get_args

import httpx

from api.routes.market import AssetType, Instrument
from tests.api.conftest import LISTINGS
from warehouse.models import reference

ROUTE = "/v1/market/instruments"
IN_ORDER = [
    "AAPL",
    "AAPL  270115C00150000",
    "AMZN",
    "AP",
    "brk.b",  # as BRK.B
    "PINE",
    "PINE",
    "RATE",
]


async def symbols(client: httpx.AsyncClient, **parameters: Any) -> list[str]:
    answer = await client.get(ROUTE, params=parameters)
    assert answer.status_code == 200, answer.text
    return [row["symbol"] for row in answer.json()["data"]]


async def test_without_a_search_all_come_by_symbol(client: httpx.AsyncClient) -> None:
    assert await symbols(client) == IN_ORDER


async def test_a_search_takes_symbols_by_prefix_and_names_by_part(
    client: httpx.AsyncClient,
) -> None:
    expected = {
        "AAPL": ["AAPL", "AAPL  270115C00150000"],
        "aap": ["AAPL", "AAPL  270115C00150000"],
        "BRK": ["brk.b"],
        "ap": ["AAPL", "AP", "PINE"],  # Apple by its name, AP by its symbol, Pineapple by its name
        "inc": ["AAPL", "AMZN", "brk.b"],
        "%": ["RATE"],
        "0_y": ["RATE"],
        "\\": [],
        "nothing": [],
    }
    assert {q: await symbols(client, q=q) for q in expected} == expected


async def test_filters_narrow_the_search(client: httpx.AsyncClient) -> None:
    assert await symbols(client, asset_type="option") == ["AAPL  270115C00150000"]
    assert await symbols(client, q="AAPL", asset_type="equity") == ["AAPL"]
    assert await symbols(client, active="false") == ["PINE"]
    assert await symbols(client, q="p", active="true") == ["AAPL", "AP", "PINE"]


async def test_pages_hold_each_row_once_and_in_order(client: httpx.AsyncClient) -> None:
    for q, limit in product([{}, {"q": "a"}, {"q": "p"}, {"q": "inc"}], [1, 2, 3, 7]):
        whole = (await client.get(ROUTE, params=q)).json()["data"]
        assert whole
        assert await paged(client, limit=limit, **q) == whole, (q, limit)


async def paged(client: httpx.AsyncClient, limit: int, **search: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    for _ in LISTINGS:
        page = (await client.get(ROUTE, params={**search, "limit": limit, **cursor})).json()
        assert len(page["data"]) <= limit
        rows += page["data"]
        if page["next_cursor"] is None:
            return rows
        cursor = {"cursor": page["next_cursor"]}
    raise AssertionError("the pages do not end")


async def test_a_row_is_what_the_documentation_says(client: httpx.AsyncClient) -> None:
    row = (await client.get(ROUTE, params={"q": "PINE", "active": "false"})).json()["data"][0]
    assert list(row) == list(Instrument.model_fields)
    Instrument.model_validate(row)
    assert isinstance(row["instrument_id"], str)
    assert row["multiplier"] == "1"
    assert row["delisted_at"] == "2019-05-01T00:00:00+00:00"


def test_the_api_knows_every_kind_of_instrument() -> None:
    assert set(get_args(AssetType)) == {kind.value for kind in reference.AssetType}
