"""The API over a database of the test's own, with a few instruments in it and a key that sees everything."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from psycopg import Connection, connect

from api.settings import ServerSettings
from tests.api import marts
from tests.api import world as world_
from tests.api.serving import client_of, started
from warehouse.db import keys
from warehouse.db.reports import install
from warehouse.db.target import Target
from warehouse.models.base import Base
from warehouse.partitions import ensure

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
    """A database with the reports installed, the listings above, and room for records of reading."""
    with connect(**database.keywords()) as conn:
        install(conn)
        row = conn.execute("select now(), now() + interval '1 microsecond'").fetchone()
        assert row
        ensure(conn, Base.metadata.tables["audit.access"], *row)
        conn.cursor().executemany(
            "insert into reference.instruments (symbol, asset_type, exchange, company_name,"
            " is_active, delisted_at, currency) values (%s, %s, %s, %s, %s, %s, 'USD')",
            LISTINGS,
        )
    return database


@pytest.fixture
def conn(served: Target) -> Iterator[Connection[Any]]:
    """The database as its administrator."""
    with connect(**served.keywords(), autocommit=True) as conn:
        yield conn


@pytest.fixture
def key(conn: Connection[Any]) -> str:
    """A key that may do and see everything."""
    return made(conn, "everything", keys.Grants(everything=True))


def made(conn: Connection[Any], name: str, grants: keys.Grants, **terms: Any) -> str:
    chosen = {"scopes": ["audit", "read"]} | terms
    with conn.transaction():
        return keys.create(conn, keys.Terms(name, **chosen), grants).text


@pytest.fixture
async def app(served: Target, settings: ServerSettings) -> AsyncIterator[FastAPI]:
    async with started(served, settings) as app:
        yield app


@pytest.fixture
async def client(app: FastAPI, key: str) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app, key) as client:
        yield client


@pytest.fixture
def world(conn: Connection[Any]) -> None:
    """Two tenants with one of everything, over marts as their contracts declare them."""
    marts.make(conn)
    world_.make(conn)


@pytest.fixture
def tenant_key(world: None, conn: Connection[Any]) -> str:
    """A key of the one tenant."""
    return made(
        conn, "tenant", world_.ONE.grants(), principal=world_.ONE.mark, scopes=["audit", "read"]
    )


@pytest.fixture
async def tenant(app: FastAPI, tenant_key: str) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app, tenant_key) as client:
        yield client
