"""Rows and events agree after whatever is written, and what does not agree is named."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection, sql

from warehouse.audit.reconcile import (
    Archived,
    Discrepancy,
    Finding,
    Period,
    Wrong,
    _Scope,
    reconcile,
    rows_statement,
)
from warehouse.partitions.archive import archive

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
TRADE = (
    "insert into trading.trades (account_id, executed_at, trade_id, kind, replaces_executed_at,"
    " replaces_trade_id, instrument_id, side, quantity, price, source_id)"
    " values (1, %s, %s, %s, %s, %s, 1, 'buy', 1, 10, 1)"
)
BARS = (
    "insert into market.bars (instrument_id, frequency, bar_at, source_id, open, high, low, close,"
    " volume) select 1, '1d', d, 1, 1, 9, 1, {close}, 9"
    " from generate_series('2026-01-05'::timestamptz, '2026-02-15', '1 day') as d"
    " on conflict (instrument_id, frequency, bar_at, source_id) do update set close = excluded.close"
)
WRITES = (
    BARS.format(close=2),
    BARS.format(close=3),
    "delete from market.bars where bar_at < '2026-01-10'",
    "insert into trading.positions (account_id, instrument_id, quantity, average_price) values (1, 1, 5, 9)",
    "update trading.positions set quantity = 6",
    (
        "insert into reference.instruments (instrument_id, symbol, asset_type, currency)"
        " values (8, 'Z', 'equity', 'USD')"
    ),
    "update reference.principals set display_name = 'Q'",
    "update reference.principals set principal_id = 77",
    "delete from reference.instruments where symbol = 'Z'",
)
DOUBLE_A_BAR = (
    "insert into market.bars (instrument_id, frequency, bar_at, source_id, open, high, low, close,"
    " volume, event_id) select 2, frequency, bar_at, source_id, open, high, low, close, volume,"
    " event_id from market.bars where bar_at = '2026-02-01'"
)
DOUBLE_AN_IMAGE = (
    "insert into audit.images select event_id, occurred_at, 7, table_schema, table_name, 'x',"
    " before, after from audit.images where table_name = 'principals' and row_key = '1'"
    " and after ->> 'display_name' = 'Q'"
)


@pytest.fixture
def conn(conn: Connection[Any]) -> Connection[Any]:
    """A little of everything has been written."""
    for statement in WRITES:
        conn.execute(statement.encode())
    day = JANUARY.replace(day=5)
    conn.execute(TRADE, [day, 1, "new", None, None])
    conn.execute(TRADE, [day, 2, "new", None, None])
    conn.execute(TRADE, [day.replace(month=2), 3, "correction", day, 1])
    return conn


def findings(conn: Connection[Any], **options: Any) -> Sequence[Finding]:
    with conn.transaction():
        return list(reconcile(conn, **options))


def wrong(conn: Connection[Any], **options: Any) -> list[tuple[Wrong, str, int]]:
    return sorted(
        (each.what, each.table, each.rows)
        for each in findings(conn, **options)
        if isinstance(each, Discrepancy)
    )


def newest(conn: Connection[Any], table: str) -> int:
    schema, _, name = table.partition(".")
    row = conn.execute(
        "select max(event_id) from audit.events where table_schema = %s and table_name = %s"
        " and operation = 'insert'",
        [schema, name],
    ).fetchone()
    assert row
    return int(row[0])


class Tamper:
    """Changes what no role may change, as a superuser who switches every trigger off."""

    def __init__(self, conn: Connection[Any], table: str) -> None:
        self.conn, self.table = conn, table

    def run(self, statement: str, *parameters: Any) -> None:
        with self.conn.transaction():
            self.conn.execute(f"alter table {self.table} disable trigger user".encode())
            self.conn.execute(statement.encode(), parameters or None)
            self.conn.execute(f"alter table {self.table} enable trigger user".encode())


# -- nothing is wrong ------------------------------------------------------------------------------


def test_whatever_is_written_agrees(conn: Connection[Any]) -> None:
    assert wrong(conn) == []


def test_the_counts_say_where_each_row_is(conn: Connection[Any]) -> None:
    (bars,) = [
        each
        for each in findings(conn, tables=["market.bars"])
        if isinstance(each, Period) and each.month
    ]
    row = conn.execute("select count(*) from market.bars").fetchone()
    assert row
    assert (bars.events, bars.standing, bars.missing, bars.extra) == (2, row[0], 0, 0)
    assert bars.told == bars.standing + bars.replaced == 2 * 42
    assert bars.replaced == 42 + 5


def test_what_others_write_meanwhile_is_not_seen(conn: Connection[Any], database: Any) -> None:
    from psycopg import connect

    with connect(**database.keywords(), autocommit=True) as other, conn.transaction():
        found = reconcile(conn)
        first = next(found)
        other.execute(BARS.format(close=4).encode())
        assert not [each for each in (first, *found) if isinstance(each, Discrepancy)]


def test_what_is_newer_agrees_by_itself(conn: Connection[Any]) -> None:
    row = conn.execute("select now()").fetchone()
    assert row
    assert findings(conn, since=row[0]) == []
    conn.execute(BARS.format(close=5).encode())
    conn.execute("update trading.positions set quantity = 8")
    found = findings(conn, since=row[0])
    assert [(each.table, each.told) for each in found if isinstance(each, Period)] == [
        ("market.bars", 42),
        ("trading.positions", 1),
    ]


def test_the_newest_rows_are_found_by_their_events(conn: Connection[Any]) -> None:
    """A night's check must not read the years before."""
    for day in range(1, 29):
        conn.execute(
            "insert into market.bars (instrument_id, frequency, bar_at, source_id, open, high, low,"
            " close, volume) select 2, '1m', d, 1, 1, 9, 1, 2, 9 from generate_series("
            "%s::timestamptz, %s::timestamptz + interval '1439 minutes', '1 minute') as d",
            [f"2026-01-{day:02}", f"2026-01-{day:02}"],
        )
    conn.execute("vacuum analyze market.bars, audit.events")
    scope = _Scope(Archived([]), JANUARY, newest(conn, "market.bars"))
    explain = sql.SQL("explain (costs off) {}").format(rows_statement("market.bars"))
    plan = [line for (line,) in conn.execute(explain, scope.parameters("market.bars"))]
    assert any("Bitmap Index Scan on bars_p20260101_event_id_idx" in line for line in plan)
    assert not any("Seq Scan on bars_p20260101" in line for line in plan)


def test_a_retired_partition_is_not_missed(conn: Connection[Any], tmp_path: Path) -> None:
    retire(conn, tmp_path)
    assert wrong(conn) == []
    bars = [each for each in findings(conn) if isinstance(each, Period) and each.archived]
    assert [(each.table, each.archived) for each in bars] == [("market.bars", 22)]


def test_what_was_lost_from_an_archived_month_is_missed(
    conn: Connection[Any], tmp_path: Path
) -> None:
    retire(conn, tmp_path)
    conn.execute("update ops.archives set row_count = row_count - 1")
    assert wrong(conn) == [(Wrong.ARCHIVE, "market.bars", 1)]


def retire(conn: Connection[Any], folder: Path) -> None:
    archive(conn, "market.bars", "bars_p20260101", folder.as_uri())
    conn.execute("alter table market.bars detach partition market.bars_p20260101")


# -- something is ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "statement", "expected"),
    [
        (
            "trading.trades",
            "delete from trading.trades where trade_id = 2",
            [(Wrong.ROWS_MISSING, "trading.trades", 1)],
        ),
        (
            "market.bars",
            DOUBLE_A_BAR,
            [(Wrong.ROWS_EXTRA, "market.bars", 1)],
        ),
        (
            "market.bars",
            "update market.bars set event_id = 10000000 where bar_at = '2026-02-01'",
            [(Wrong.ROWS_MISSING, "market.bars", 1), (Wrong.EVENT_MISSING, "market.bars", 1)],
        ),
        (
            "audit.images",
            "delete from audit.images where table_name = 'positions'",
            [
                (Wrong.ROWS_MISSING, "trading.positions", 1),
                (Wrong.IMAGES_MISSING, "trading.positions", 1),
            ],
        ),
        (
            "audit.images",
            DOUBLE_AN_IMAGE,
            [(Wrong.IMAGES_EXTRA, "reference.principals", 1)],
        ),
        (
            "trading.trade_replacements",
            "delete from trading.trade_replacements",
            [
                (Wrong.REPLACEMENT_MISSING, "trading.trades", 1),
                (Wrong.ROWS_MISSING, "trading.trade_replacements", 1),
            ],
        ),
        (
            "trading.trade_replacements",
            "update trading.trade_replacements set trade_id = 2",
            [
                (Wrong.REPLACEMENT_MISSING, "trading.trades", 1),
                (Wrong.REPLACEMENT_EXTRA, "trading.trades", 1),
            ],
        ),
    ],
)
def test_what_was_tampered_with_is_named(
    conn: Connection[Any],
    table: str,
    statement: str,
    expected: list[tuple[Wrong, str, int]],
) -> None:
    Tamper(conn, table).run(statement)
    assert wrong(conn) == sorted(expected)
    assert wrong(conn, since=JANUARY) == sorted(expected)


def test_rows_of_a_deleted_event_are_told_with_its_key(conn: Connection[Any]) -> None:
    event = newest(conn, "trading.trades")
    Tamper(conn, "audit.events").run("delete from audit.events where event_id = %s", event)
    (found,) = [each for each in findings(conn) if isinstance(each, Discrepancy)]
    assert (found.what, found.table, found.event_id) == (
        Wrong.EVENT_MISSING,
        "trading.trades",
        event,
    )


def test_an_event_of_another_table_is_no_event_of_the_row(conn: Connection[Any]) -> None:
    event = newest(conn, "market.bars")
    Tamper(conn, "trading.trades").run(
        "update trading.trades set event_id = %s where trade_id = 2", event
    )
    assert wrong(conn, tables=["trading.trades"]) == [
        (Wrong.EVENT_MISSING, "trading.trades", 1),
        (Wrong.ROWS_MISSING, "trading.trades", 1),
    ]


def test_a_record_that_came_without_its_event_is_counted(conn: Connection[Any]) -> None:
    Tamper(conn, "reference.instruments").run(
        "insert into reference.instruments (instrument_id, symbol, asset_type, currency)"
        " values (9, 'W', 'equity', 'USD')"
    )
    assert wrong(conn) == [(Wrong.COUNT, "reference.instruments", 1)]
