"""When the raw data of a month has gone, what goes forward from it goes on from the rows that were kept."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection, connect

from tests.dbt.test_rollups import differences
from warehouse.access import BUILD
from warehouse.db.target import Target
from warehouse.models import Base
from warehouse.partitions import ensure
from warehouse.refresh.build import run_dbt
from warehouse.refresh.marts import MartKind, read_marts
from warehouse.refresh.runs import refresh
from warehouse.sql import query

RETIRED = ("portfolio.cash_flows", "trading.trades", "trading.transactions")
KEPT = (
    "positions_daily",
    "realized_pnl",
    "strategy_daily",
    "cash_daily",
    "holdings_daily",
    "portfolio_value_daily",
)
JANUARY, FEBRUARY = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
WORLD = """
insert into reference.strategies (name) values ('trend');
insert into reference.daily_marks (instrument_id, day, source_id, close, adjusted_close)
select 1, d, 1, case when d < '2026-02-10' then 120 else 30 end, 30
from generate_series('2026-01-08'::date, '2026-03-31', '7 days') as d;
insert into portfolio.cash_flows (account_id, flow_at, kind, amount, currency, source_id)
values (1, '2026-01-05 09:00+00', 'deposit', 9000, 'USD', 1)
"""
TRADE = """
insert into trading.trades (account_id, executed_at, instrument_id, strategy_id, side, quantity, price, source_id)
values (1, %s, %s, 1, %s, %s, %s, 1)
"""
SPLIT = """
insert into market.corporate_actions (instrument_id, effective_day, kind, source_id, ratio)
values (1, '2026-02-10', 'split', 1, 4)
"""
# Lots of January are closed in February, one beside the floor, one after a split that is told late.
BEFORE = (
    ("2026-01-05 10:00+00", 1, "buy", 10, 100),
    ("2026-01-20 10:00+00", 1, "buy", 10, 110),
    ("2026-01-21 10:00+00", 3, "sell", 3, 7),
    ("2026-03-02 10:00+00", 1, "sell", 12, 30),
)
AFTER = (
    ("2026-02-01 00:00+00", 1, "sell", 4, 120),
    ("2026-02-20 10:00+00", 1, "sell", 5, 31),
    ("2026-02-21 10:00+00", 3, "buy", 5, 6),
)


@pytest.fixture
def retired(desk: Target, project: Path) -> Iterator[Connection[Any]]:
    """January's trades, flows and transactions are gone."""
    with connect(**desk.keywords(), autocommit=True) as conn:
        for name in RETIRED:
            ensure(conn, Base.metadata.tables[name], JANUARY, datetime(2026, 4, 1, tzinfo=UTC))
        conn.execute(WORLD)
        for trade in BEFORE:
            conn.execute(TRADE, trade)
        run_dbt(
            desk,
            ["run", "--target", "prod", "--select", "+strategy_daily", "+portfolio_value_daily"],
            project,
        )
        assert differences(desk) == []
        for name in RETIRED:
            conn.execute(f"alter table {name} detach partition {name}_p20260101".encode())
            conn.execute(query("partitions/raise_floors"), {"parent": name, "floor": FEBRUARY})
        yield conn


def renew(target: Target, *, whole: bool = False) -> None:
    """What is pending, or everything that is not frozen."""
    with connect(**target.keywords(options=f"-c role={BUILD}"), autocommit=True) as conn:
        if whole:
            for mart in read_marts(conn):
                if mart.kind is MartKind.ROLLUP:
                    conn.execute("select ops.refresh_rollup(%s, true)", [mart.relation])
        assert refresh(conn).failed == []
    assert differences(target) == []


def assert_split_changed_no_money(conn: Connection[Any]) -> None:
    """16 shares became 64 at a quarter of their price, and were worth what they were."""
    assert conn.execute(
        "select quantity, fifo_cost, fifo_pnl, average_pnl from rollups.realized_pnl"
        " where instrument_id = 1 order by executed_at"
    ).fetchall() == [
        (10, 1000, 0, 0),
        (20, 2100, 0, 0),
        (16, 1700, 80, 60),
        (59, 1575, 30, Decimal("23.75")),
        (47, 1275, 60, 45),
    ]
    assert conn.execute(
        "select p.quantity, v.market_value, v.day_change"
        " from rollups.portfolio_value_daily v join rollups.positions_daily p on p.position_day = v.value_day"
        " where p.instrument_id = 1 and v.value_day = '2026-02-10'"
    ).fetchall() == [(64, 16 * 120 - 3 * 7, 0)]


def rows(conn: Connection[Any]) -> dict[str, list[Any]]:
    return {
        name: sorted(conn.execute(f"select to_jsonb(r)::text from rollups.{name} as r".encode()))
        for name in KEPT
    }


def test_what_goes_forward_starts_from_what_was_kept_and_goes_through_splits(
    retired: Connection[Any], desk: Target
) -> None:
    for trade in AFTER:
        retired.execute(TRADE, trade)
    retired.execute(SPLIT)
    renew(desk)
    kept = rows(retired)
    assert_split_changed_no_money(retired)
    renew(desk, whole=True)
    assert rows(retired) == kept
    for name in RETIRED:
        bounds = f"for values from ('{JANUARY}') to ('{FEBRUARY}')"
        retired.execute(f"alter table {name} attach partition {name}_p20260101 {bounds}".encode())
    retired.execute("update ops.rollups set source_floor = null")
    renew(desk, whole=True)
    assert rows(retired) == kept
