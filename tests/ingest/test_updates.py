"""A batch is one statement, and what a row leaves out stays as it was."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from psycopg import Connection, connect

from warehouse.db.engines import async_dispose, dispose
from warehouse.db.sessions import async_writing, writing
from warehouse.db.target import Target
from warehouse.ingest.updates import (
    Updated,
    update_odds,
    update_order_statuses,
    update_quotes,
    update_statistics,
    update_statuses,
)
from warehouse.models.base import Base
from warehouse.partitions import ensure
from warehouse.sql import query

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
DAY = date(2026, 1, 15)

WORLD = """
insert into reference.sources (source_id, name, priority) values (1, 'feed', 1), (2, 'other', 2);
insert into reference.accounts (
    account_id, account_hash, account_number_encrypted, account_number_digest, display_name,
    account_type, base_currency
) values (1, 'a', '', '', 'A', 'cash', 'USD');
insert into reference.instruments (instrument_id, symbol, asset_type, currency)
values (1, 'X', 'equity', 'USD');
insert into market.option_contracts (
    option_contract_id, underlying_id, osi_symbol, put_call, strike, expiration_date, option_root
) values (7, 1, 'X     260320C00100000', 'call', 100, '2026-03-20', 'X');
insert into market.events (market_event_id, source_id, ticker, league, title, status)
values (1, 1, 'G1', 'NBA', 'A at B', 'scheduled'), (2, 1, 'G2', 'NBA', 'C at D', 'scheduled');
insert into trading.orders (
    account_id, order_id, source_id, instrument_id, session, duration, order_type, status, entered_at
)
select 1, n, 1, 1, 'normal', 'day', 'market', 'working', '2026-01-15' from generate_series(1, 3) as n;
"""


@pytest.fixture
def conn(database: Target) -> Iterator[Connection[Any]]:
    with connect(**database.keywords(options="-c timezone=UTC"), autocommit=True) as conn:
        conn.execute(WORLD)
        for table in ("market.option_quotes", "market.event_odds"):
            ensure(conn, Base.metadata.tables[table], NOON, NOON + timedelta(days=2))
        yield conn
    dispose()


def rows(conn: Connection[Any], statement: str) -> list[tuple[Any, ...]]:
    return conn.execute(statement).fetchall()


def events(conn: Connection[Any], table: str) -> list[tuple[str, int]]:
    return rows(
        conn,
        "select operation, row_count from audit.events where row_count > 0"
        f" and table_name = '{table}' order by event_id",
    )


def odds(minute: int, event: int = 1, source: int = 1, **told: Any) -> dict[str, Any]:
    at = NOON + timedelta(minutes=minute)
    return {"market_event_id": event, "odds_at": at, "source_id": source} | told


SPREADS = """
select extract(minute from odds_at)::int, moneyline_home, spread, volume from market.event_odds
where market_event_id = 1 and source_id = 1 order by odds_at
"""


def test_odds_take_over_what_was_said_before(conn: Connection[Any]) -> None:
    update_odds(conn, [odds(0, moneyline_home=-110, spread="1.50", volume=5)])
    told = [odds(3, spread=2), odds(1, volume=6), odds(1, event=2, volume=1), odds(2, source=2)]
    assert update_odds(conn, told) == Updated(4, [])
    assert rows(conn, SPREADS) == [
        (0, -110, Decimal("1.50"), 5),
        (1, -110, Decimal("1.50"), 6),
        (3, -110, 2, 6),
    ]
    assert events(conn, "event_odds") == [("insert", 1), ("insert", 4)]


def test_late_odds_take_over_from_before_them_and_change_nothing_after(
    conn: Connection[Any],
) -> None:
    update_odds(conn, [odds(0, spread=1), odds(10, spread=3, volume=9)])
    update_odds(conn, [odds(5, volume=4), odds(12, moneyline_home=120)])
    assert rows(conn, SPREADS) == [
        (0, None, 1, None), (5, None, 1, 4), (10, None, 3, 9), (12, 120, 3, 9),
    ]  # fmt: skip


def test_odds_told_again_are_completed(conn: Connection[Any]) -> None:
    update_odds(conn, [odds(0, spread=1)])
    assert update_odds(conn, [odds(0, volume=2)]).written == 1
    assert update_odds(conn, [odds(0, volume=2)]).written == 0
    assert rows(conn, SPREADS) == [(0, None, 1, 2)]


def quote(**told: Any) -> dict[str, Any]:
    return {"option_contract_id": 7, "snapshot_at": NOON, "source_id": 1} | told


def test_quotes_keep_what_a_second_look_leaves_out(conn: Connection[Any]) -> None:
    told = [quote(bid="1.10", delta=0.1), quote(ask="1.20"), quote(option_contract_id=404)]
    assert update_quotes(conn, told) == Updated(1, [404])
    update_quotes(conn, [quote(bid="1.15", last=None)])
    found = rows(
        conn, "select bid::text, ask::text, delta, expiration_date from market.option_quotes"
    )
    assert found == [("1.15", "1.20", 0.1, date(2026, 3, 20))]
    assert update_quotes(conn, [quote(bid="1.15")]).written == 0
    assert events(conn, "option_quotes") == [("insert", 1), ("update", 1)]


def test_statistics_keep_what_a_second_report_leaves_out(conn: Connection[Any]) -> None:
    key = {"instrument_id": 1, "as_of": DAY, "source_id": 1}
    update_statistics(conn, [key | {"market_cap": Decimal("1.50"), "beta": 1.25}])
    update_statistics(conn, [key | {"beta": 1.5, "revenue": -3}])
    found = rows(conn, "select market_cap, beta, revenue from market.key_statistics")
    assert found == [(Decimal("1.50"), 1.5, -3)]


def test_statuses_of_games_come_as_a_batch(conn: Connection[Any]) -> None:
    told = [
        {"source_id": 1, "ticker": "G1", "status": "in_progress", "score_home": 3, "clock": "9:59"},
        {"source_id": 1, "ticker": "G2", "last_synced_at": NOON},
        {"source_id": 1, "ticker": "G9", "status": "open"},
    ]
    assert update_statuses(conn, told) == Updated(2, ["G9"])
    update_statuses(conn, [{"source_id": 1, "ticker": "G1", "score_home": 5}])
    found = rows(
        conn, "select status, score_home, clock, version from market.events order by ticker"
    )
    assert found == [("in_progress", 5, "9:59", 3), ("scheduled", None, None, 2)]
    assert events(conn, "events")[-2:] == [("update", 2), ("update", 1)]


def test_orders_take_the_statuses_that_may_follow(conn: Connection[Any]) -> None:
    def told(order: int, status: str, **more: Any) -> dict[str, Any]:
        return {"account_id": 1, "order_id": order, "status": status} | more

    first = [
        told(1, "cancelled", cancelled_at=NOON, remaining_quantity=0),
        told(2, "pending"),
        told(3, "working", status_description="resting"),
        told(404, "filled"),
    ]
    assert update_order_statuses(conn, first) == Updated(
        2,
        [
            {"account_id": 1, "order_id": 2, "status": "working", "told": "pending"},
            {"account_id": 1, "order_id": 404, "status": None, "told": "filled"},
        ],
    )
    again = update_order_statuses(conn, [told(1, "working"), told(1, "filled")])
    assert [refusal["status"] for refusal in again.refused] == ["cancelled"]
    found = rows(
        conn,
        "select status, cancelled_at is null, status_description, version from trading.orders order by 1",
    )
    assert found == [
        ("cancelled", False, None, 2), ("working", True, None, 1), ("working", True, "resting", 2),
    ]  # fmt: skip


@pytest.mark.usefixtures("conn")
def test_a_session_serves_as_well_as_a_connection() -> None:
    with writing() as session:
        assert update_odds(session, [odds(0, spread=1)]).written == 1


async def test_a_coroutine_hands_its_session_over(conn: Connection[Any]) -> None:
    async with async_writing() as session:
        assert (await session.run_sync(update_odds, [odds(0, spread=1)])).written == 1
    await async_dispose()
    assert rows(conn, SPREADS) == [(0, None, 1, None)]


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("update_quotes", "market.option_quotes"),
        ("update_odds", "market.event_odds"),
        ("update_statistics", "market.key_statistics"),
    ],
)
def test_no_column_of_the_table_is_forgotten(name: str, table: str) -> None:
    kept = {"event_id", "created_at", "updated_at"}
    words = set(query(f"updates/{name}").replace(",", " ").replace(".", " ").split())
    assert {c.name for c in Base.metadata.tables[table].columns} - kept <= words
