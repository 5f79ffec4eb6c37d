"""What the tests of quality share: an exchange of ten sessions, two feeds, and bars to spoil."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg import Connection, connect

from warehouse.db.target import Target
from warehouse.ingest.quality.run import CheckRun, Window, run_checks
from warehouse.ingest.quality.status import touch_status
from warehouse.models.base import Base
from warehouse.models.ops import QualityCheck
from warehouse.partitions import ensure

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
SESSIONS = [n for n in range(12) if n % 7 < 5]  # two weeks, counted in days from the Monday

WORLD = """
insert into reference.sources (source_id, name, priority) values (1, 'tape', 1), (2, 'other', 2);
insert into reference.accounts (
    account_id, account_hash, account_number_encrypted, account_number_digest, display_name,
    account_type, base_currency
) values (1, 'a', '', '', 'A', 'cash', 'USD');
insert into reference.instruments (instrument_id, symbol, asset_type, exchange, currency)
values (1, 'AAA', 'equity', 'XNYS', 'USD'), (2, 'BBB', 'equity', 'XNYS', 'USD');
"""


def opens(day: int, minute: int = 0) -> datetime:
    """The opening of a session, and minutes after it."""
    return MONDAY + timedelta(days=day, hours=14, minutes=30 + minute)


class Feed:
    """Writes what a feed brings, and asks what the checks make of it."""

    def __init__(self, conn: Connection[Any]) -> None:
        self.conn = conn

    def bars(
        self,
        prices: dict[datetime, float],
        instrument: int = 1,
        source: int = 1,
        frequency: str = "1d",
    ) -> None:
        with self.conn.transaction():
            self.conn.cursor().executemany(
                "insert into market.bars (instrument_id, frequency, bar_at, source_id, open, high,"
                " low, close, volume) values (%s, %s, %s, %s, %s, %s, %s, %s, 1)",
                [(instrument, frequency, at, source, *[p] * 4) for at, p in prices.items()],
            )
            touch_status(self.conn)

    def days(self, days: Sequence[int], price: float = 10, **more: Any) -> None:
        self.bars({opens(day): price for day in days}, **more)

    def run(self, check: QualityCheck, first: int = 0, end: int = 12) -> tuple[int, int, int]:
        """How many findings are new, known and fixed."""
        window = Window.covering(MONDAY + timedelta(first), MONDAY + timedelta(end))
        (done,) = run_checks(self.conn, window, [check])
        assert done == CheckRun(check, done.new, done.known, done.fixed)
        return done.new, done.known, done.fixed

    def open(self, *columns: str) -> list[tuple[Any, ...]]:
        """Columns of the open findings."""
        rows = self.conn.execute(
            f"select {', '.join(columns)} from ops.data_quality_findings"
            " where resolved_at is null order by time_from"
        )
        return rows.fetchall()


@pytest.fixture
def feed(database: Target) -> Iterator[Feed]:
    with connect(**database.keywords(options="-c timezone=UTC"), autocommit=True) as conn:
        conn.execute(WORLD)
        for day in SESSIONS:
            conn.execute(
                "insert into reference.trading_days (exchange, day, opens_at, closes_at)"
                " values ('XNYS', %s, %s, %s)",
                [MONDAY.date() + timedelta(days=day), opens(day), opens(day, 390)],
            )
        for table in ("market.bars", "market.option_quotes", "trading.trades"):
            ensure(conn, Base.metadata.tables[table], MONDAY, MONDAY + timedelta(days=14))
        yield Feed(conn)
