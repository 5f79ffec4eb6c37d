"""Instruments are found by symbol or name, in pages that hold each of them once."""

from typing import Any

import httpx
import pytest

from api.schemas import AssetType, Instrument
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


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("AAPL", ["AAPL", "AAPL  270115C00150000"]),
        ("aap", ["AAPL", "AAPL  270115C00150000"]),
        ("BRK", ["brk.b"]),
        (
            "ap",
            ["AAPL", "AP", "PINE"],
        ),  # Apple by its name, AP by its symbol, Pineapple by its name
        ("inc", ["AAPL", "AMZN", "brk.b"]),
        ("%", ["RATE"]),
        ("0_y", ["RATE"]),
        ("\\", []),
        ("nothing", []),
    ],
)
async def test_a_search_takes_symbols_by_prefix_and_names_by_part(
    client: httpx.AsyncClient, q: str, found: list[str]
) -> None:
    assert await symbols(client, q=q) == found


async def test_filters_narrow_the_search(client: httpx.AsyncClient) -> None:
    assert await symbols(client, asset_type="option") == ["AAPL  270115C00150000"]
    assert await symbols(client, q="AAPL", asset_type="equity") == ["AAPL"]
    assert await symbols(client, active="false") == ["PINE"]
    assert await symbols(client, q="p", active="true") == ["AAPL", "AP", "PINE"]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
@pytest.mark.parametrize("q", [None, "a", "p", "inc"])
async def test_pages_hold_each_row_once_and_in_order(
    client: httpx.AsyncClient, limit: int, q: str | None
) -> None:
    search = {"q": q} if q else {}
    whole = (await client.get(ROUTE, params=search)).json()["data"]
    paged, cursor = [], None
    for _ in range(len(LISTINGS) + 1):
        more = {"cursor": cursor} if cursor else {}
        page = (await client.get(ROUTE, params={**search, "limit": limit, **more})).json()
        assert len(page["data"]) <= limit
        paged += page["data"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert paged == whole
    assert whole


async def test_a_row_is_what_the_documentation_says(client: httpx.AsyncClient) -> None:
    row = (await client.get(ROUTE, params={"q": "PINE", "active": "false"})).json()["data"][0]
    assert list(row) == list(Instrument.model_fields)
    Instrument.model_validate(row)
    assert isinstance(row["instrument_id"], str)
    assert row["multiplier"] == "1"
    assert row["delisted_at"] == "2019-05-01T00:00:00Z"


def test_the_api_knows_every_kind_of_instrument() -> None:
    assert set(AssetType.__args__) == {kind.value for kind in reference.AssetType}
