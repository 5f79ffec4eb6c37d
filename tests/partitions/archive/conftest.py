"""Partitions with rows in them: of our own tables, and of one that has every type we can think of."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection, connect

from warehouse.db.scratch import scratch_database
from warehouse.db.target import Target
from warehouse.models.base import Base
from warehouse.partitions import ensure
from warehouse.partitions.archive import rows, write

JANUARY, FEBRUARY = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
SIGNALS, PARTITION = "trading.signals", "trading.signals_p20260101"
DIMENSIONS = """
insert into reference.sources (name, priority) values ('test', 1);
insert into reference.strategies (name) values ('one'), ('two');
insert into reference.instruments (symbol, asset_type, currency)
    select 'S' || n, 'equity', 'USD' from generate_series(1, 10) as n;
insert into reference.accounts (account_hash, account_number_encrypted, account_number_digest,
    display_name, account_type, base_currency)
    select 'h' || n, '\\x00', sha256(('a' || n)::bytea), 'A' || n, 'cash', 'USD'
    from generate_series(1, 5) as n;
"""
FILL = """
insert into trading.signals (account_id, signal_at, signal_id, strategy_id, instrument_id,
    direction, strength, payload, event_id)
select 1 + n %% 5, '2026-01-01 00:00Z'::timestamptz + n * interval '7 minutes 0.000001 seconds', n,
    1 + n %% 2, 1 + n %% 10, case when n %% 3 = 0 then 'long' else 'flat' end,
    case when n %% 4 > 0 then sin(n) end, jsonb_build_object('n', n, 'text', 'é ' || n), n / 10
from generate_series(1, %s::integer) as n
"""


def fill(conn: Connection[Any], count: int = 3000) -> None:
    """Signals of January, of as many events as hundreds of loads would leave."""
    with conn.transaction():
        conn.execute("set local session_replication_role = replica")
        conn.execute("alter table trading.signals disable trigger user")
        conn.execute(FILL, [count])
        conn.execute("alter table trading.signals enable trigger user")


def maintain(conn: Connection[Any], statement: str) -> None:
    """Change rows that are never changed, as only maintenance may."""
    with conn.transaction():
        conn.execute("set local role warehouse_maintain")
        conn.execute(statement)


def signals(target: Target) -> None:
    """What a database needs before signals of January can be archived: 3,000 of them."""
    with connect(**target.keywords(), autocommit=True) as conn:
        ensure(conn, Base.metadata.tables[SIGNALS], JANUARY, FEBRUARY)
        conn.execute(DIMENSIONS)
        fill(conn)


@pytest.fixture(scope="session")
def template(server: Target, template: str) -> Iterator[str]:
    """Here databases are cloned from one that has the signals already."""
    with scratch_database(server, template) as target:
        signals(target)
        yield str(target.keywords()["dbname"])


@pytest.fixture
def conn(database: Target) -> Iterator[Connection[Any]]:
    """A database with 3,000 signals in January 2026."""
    with connect(**database.keywords(), autocommit=True) as conn:
        yield conn


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> write.Layout:
    """Files and row groups so small that a few thousand rows make several."""
    monkeypatch.setattr(rows, "ROWS_A_CHUNK", 250)
    monkeypatch.setattr(rows, "ROWS_AT_ONCE", 50)
    return write.Layout(rows_a_group=500, rows_a_file=1000)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A folder on the disk, as a URL."""
    return f"file://{tmp_path}/archives"


@pytest.fixture
def keep_aside(conn: Connection[Any]) -> Callable[[str, str], str]:
    """Takes a partition away as retiring does, but keeps it in another schema to compare with."""

    def aside(parent: str, partition: str) -> str:
        name = partition.partition(".")[2]
        conn.execute("create schema if not exists aside")
        conn.execute(f"alter table {parent} detach partition {partition}")
        conn.execute(f"alter table {partition} set schema aside")
        return f"aside.{name}"

    return aside


def differing(conn: Connection[Any], one: str, other: str) -> int:
    """How many rows of either table are not in the other, EXCEPT both ways."""
    row = conn.execute(
        f"select (select count(*) from (table {one} except all table {other}) as a)"
        f" + (select count(*) from (table {other} except all table {one}) as b)"
    ).fetchone()
    assert row
    count: int = row[0]
    return count
