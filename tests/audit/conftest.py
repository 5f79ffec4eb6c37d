"""What the tests of the audit share: a small world, and a connection to write to it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg import Connection, connect

from warehouse.db.scratch import scratch_database
from warehouse.db.target import Target
from warehouse.models import Base
from warehouse.partitions import ensure

WORLD = """
insert into reference.sources (source_id, name, priority) values (1, 'test', 1);
insert into reference.principals (principal_id, principal_type, login, display_name)
values (1, 'person', 'p', 'P');
insert into reference.accounts (
    account_id, account_hash, account_number_encrypted, account_number_digest, display_name,
    account_type, base_currency
) values (1, 'a', '', sha256('a'), 'A', 'cash', 'USD'), (2, 'b', '', sha256('b'), 'B', 'cash', 'USD');
insert into reference.instruments (instrument_id, symbol, asset_type, currency)
values (1, 'X', 'equity', 'USD'), (2, 'Y', 'equity', 'USD');
"""
PARTITIONED = ("trading.trades", "market.bars")


@pytest.fixture(scope="session")
def template(server: Target, template: str) -> Iterator[str]:
    """With the small world in it: made once, since making it takes as long as cloning it."""
    with scratch_database(server, template) as target:
        with connect(**target.keywords(options="-c timezone=UTC"), autocommit=True) as conn:
            prepare(conn)
        yield str(target.keywords()["dbname"])


@pytest.fixture
def conn(database: Target) -> Iterator[Connection[Any]]:
    """In autocommit, to a world of two accounts and two instruments, with room for January 2026."""
    with connect(**database.keywords(options="-c timezone=UTC"), autocommit=True) as conn:
        yield conn


def prepare(conn: Connection[Any]) -> None:
    conn.execute(WORLD)
    for parent in PARTITIONED:
        start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
        ensure(conn, Base.metadata.tables[parent], start, end)
