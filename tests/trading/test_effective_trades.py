"""Trades that stand: what a correction or bust names is left out, for good and at no cost to others."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg import Connection, connect
from psycopg.errors import ForeignKeyViolation, UniqueViolation

from warehouse.db.target import Target
from warehouse.models.base import Base
from warehouse.partitions import ensure

DAY = datetime(2026, 1, 15, tzinfo=UTC)

WORLD = """
insert into reference.sources (source_id, name, priority) values (1, 'test', 1);
insert into reference.accounts (
    account_id, account_hash, account_number_encrypted, account_number_digest, display_name,
    account_type, base_currency
) values (1, 'a', '', '', 'A', 'cash', 'USD');
insert into reference.instruments (instrument_id, symbol, asset_type, currency)
values (1, 'X', 'equity', 'USD');
"""
BOOK = """
insert into trading.trades (
    account_id, executed_at, trade_id, kind, replaces_executed_at, replaces_trade_id, instrument_id,
    side, quantity, price, source_id
) values (1, %s, %s, %s, %s, %s, 1, 'buy', %s, 10, 1)
"""


@pytest.fixture
def conn(database: Target) -> Iterator[Connection[Any]]:
    with connect(**database.keywords(), autocommit=True) as conn:
        conn.execute(WORLD)
        trades = Base.metadata.tables["trading.trades"]
        ensure(conn, trades, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC))
        yield conn


def book(
    conn: Connection[Any],
    trade_id: int,
    kind: str = "new",
    replaces: int | None = None,
    quantity: int = 1,
) -> None:
    """A trade on the day of its number; a replacement names the trade by its number."""
    replaced_at = None if replaces is None else DAY + timedelta(days=replaces)
    at = DAY + timedelta(days=trade_id)
    conn.execute(BOOK, [at, trade_id, kind, replaced_at, replaces, quantity])


def standing(conn: Connection[Any]) -> list[tuple[int, int]]:
    rows = conn.execute(
        "select trade_id, quantity::int from trading.effective_trades order by trade_id"
    )
    return rows.fetchall()


def test_of_a_chain_of_corrections_the_last_stands(conn: Connection[Any]) -> None:
    book(conn, 1)
    book(conn, 2)
    book(conn, 3, "correction", replaces=1, quantity=5)
    book(conn, 4, "correction", replaces=3, quantity=6)
    assert standing(conn) == [(2, 1), (4, 6)]


def test_a_bust_ends_what_it_names(conn: Connection[Any]) -> None:
    book(conn, 1)
    book(conn, 2, "correction", replaces=1)
    book(conn, 3, "bust", replaces=2)
    assert standing(conn) == []


def test_a_trade_is_replaced_once(conn: Connection[Any]) -> None:
    book(conn, 1)
    book(conn, 2, "correction", replaces=1)
    with pytest.raises(UniqueViolation):
        book(conn, 3, "bust", replaces=1)
    assert standing(conn) == [(2, 1)]


def test_what_is_not_there_cannot_be_replaced(conn: Connection[Any]) -> None:
    with pytest.raises(ForeignKeyViolation, match="replaces trade 1 of .* not in trading.trades"):
        book(conn, 2, "bust", replaces=1)
    assert conn.execute("select from trading.trade_replacements").rowcount == 0


def test_a_load_without_key_checks_is_watched_too(conn: Connection[Any]) -> None:
    book(conn, 1)
    with conn.transaction():
        conn.execute("set local session_replication_role = replica")
        book(conn, 2, "bust", replaces=1)
    assert standing(conn) == []


def test_a_replaced_trade_does_not_come_back_when_its_correction_is_retired(
    conn: Connection[Any],
) -> None:
    book(conn, 1)
    book(conn, 40, "bust", replaces=1)
    conn.execute("alter table trading.trades detach partition trading.trades_p20260201")
    assert standing(conn) == []


def test_a_day_is_read_from_its_partition_alone(conn: Connection[Any]) -> None:
    book(conn, 1)
    rows = conn.execute(
        "explain select * from trading.effective_trades"
        " where account_id = 1 and executed_at >= '2026-01-16' and executed_at < '2026-01-17'"
    )
    plan = "\n".join(line for (line,) in rows)
    assert plan.count("trades_p") == plan.count("trades_p20260101") > 0


def test_those_who_write_trades_cannot_write_replacements(conn: Connection[Any]) -> None:
    granted = conn.execute(
        "select has_table_privilege('warehouse_write', 'trading.trade_replacements', 'insert')"
    )
    assert granted.fetchone() == (False,)
