"""The API over a database of the test's own, with a few instruments in it."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from psycopg import connect

from api.settings import ServerSettings
from tests.api.serving import client_of, started
from warehouse.db.reports import install
from warehouse.db.target import Target

LISTINGS = [
    # symbol, asset_type, exchange, company_name, is_active, delisted_at
    ("AAPL", "equity", "XNAS", "Apple Inc.", True, None),
    ("AAPL  270115C00150000", "option", "XCBO", None, True, None),
    ("AMZN", "equity", "XNAS", "Amazon.com, Inc.", True, None),
    ("AP", "equity", "XNYS", "Ampco-Pittsburgh Corporation", True, None),
    ("PINE", "equity", "XNYS", "Pineapple Growers", False, "2019-05-01"),
    ("PINE", "equity", "XNYS", "Pinestone", True, None),
    ("RATE", "index", None, "100% of the 10_year rate", True, None),
    ("brk.b", "equity", "XNYS", "Berkshire Hathaway Inc.", True, None),
]


@pytest.fixture
def settings() -> ServerSettings:
    return ServerSettings(pool_size=2, pool_wait=0.3, statement_timeout=5)


@pytest.fixture
def served(database: Target) -> Target:
    """A database with the reports installed and the listings above."""
    with connect(**database.keywords()) as conn:
        install(conn)
        conn.cursor().executemany(
            "insert into reference.instruments (symbol, asset_type, exchange, company_name,"
            " is_active, delisted_at, currency) values (%s, %s, %s, %s, %s, %s, 'USD')",
            LISTINGS,
        )
    return database


@pytest.fixture
async def app(served: Target, settings: ServerSettings) -> AsyncIterator[FastAPI]:
    async with started(served, settings) as app:
        yield app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as client:
        yield client
