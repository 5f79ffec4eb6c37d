"""A desk with trades, and rollups over them that need no dbt: see rollups.sql."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection, connect

from warehouse.access import BUILD
from warehouse.db.scratch import scratch_database
from warehouse.db.target import Target
from warehouse.jobs import install
from warehouse.models import Base
from warehouse.partitions import ensure
from warehouse.refresh.runs import Outcome, refresh, verify

ROWS = """
    insert into reference.sources (name, priority) values ('csv', 1);
    insert into reference.instruments (symbol, asset_type, currency)
    select 'S' || i, 'equity', 'USD' from generate_series(1, 3) as i;
    insert into reference.accounts (
        account_hash, account_number_encrypted, account_number_digest, display_name, account_type,
        base_currency
    )
    select 'a' || a, '', sha256(a::text::bytea), 'A', 'cash', 'USD' from generate_series(1, 4) as a;
"""
ROLLUPS = (Path(__file__).parent / "rollups.sql").read_text()
TRADES = Base.metadata.tables["trading.trades"]
TRADE = """
    insert into trading.trades (
        account_id, executed_at, instrument_id, side, quantity, price, source_id, kind,
        replaces_executed_at, replaces_trade_id
    ) values (%s, %s, %s, %s, %s, %s, 1, %s, %s, %s) returning trade_id
"""


def at(day: str, clock: str = "10:00") -> datetime:
    """A moment of 2026: `at("01-05")`."""
    return datetime.fromisoformat(f"2026-{day}T{clock}:00+00:00")


class Desk:
    """Books trades, refreshes what is rolled up from them, and asks what became of it."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.conn = self.session()
        self.builder = self.session(role=BUILD)

    def session(self, role: str | None = None) -> Connection[Any]:
        options = f"-c timezone=UTC{f' -c role={role}' if role else ''}"
        return connect(**self.target.keywords(options=options), autocommit=True)

    def trade(
        self,
        account: int,
        when: datetime,
        quantity: int = 1,
        *,
        instrument: int = 1,
        replaces: tuple[datetime, int] | None = None,
        kind: str = "new",
        conn: Connection[Any] | None = None,
    ) -> int:
        """Book one trade, a negative quantity sells; its id."""
        side = "buy" if quantity > 0 else "sell"
        values = [
            account,
            when,
            instrument,
            side,
            abs(quantity),
            10,
            kind,
            *(replaces or (None, None)),
        ]
        row = (conn or self.conn).execute(TRADE, values).fetchone()
        assert row
        return int(row[0])

    def refresh(self, *only: str) -> Outcome:
        outcome = refresh(self.builder, only)
        assert outcome.failed == []
        return outcome

    def differences(self) -> dict[str, int | None]:
        """Where a rollup is not equal to its view."""
        outcome = verify(self.builder)
        assert outcome.failed == []
        return {run.relation: run.difference_count for run in outcome.runs if run.difference_count}

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.conn.execute(statement.encode(), values).fetchall()

    def close(self) -> None:
        self.conn.close()
        self.builder.close()


@contextmanager
def opened(target: Target) -> Iterator[Desk]:
    desk = Desk(target)
    try:
        yield desk
    finally:
        desk.close()


def furnish(desk: Desk) -> None:
    """What is traded and by whom, room for the trades of a year, and the rollups, built."""
    ensure(desk.conn, TRADES, datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    desk.conn.execute(ROWS)
    desk.conn.execute(ROLLUPS)
    desk.refresh()


@pytest.fixture(scope="session")
def furnished(server: Target, template: str) -> Iterator[str]:
    """The name of a database with the desk in it, from which every test's is cloned."""
    with scratch_database(server, template) as target:
        install.make_roles(target)
        with opened(target) as made:
            furnish(made)
        yield str(target.keywords()["dbname"])


@pytest.fixture
def desk(server: Target, furnished: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with scratch_database(server, furnished) as target, opened(target) as made:
        monkeypatch.setenv("WAREHOUSE_DATABASE_URL", target.conninfo)
        yield made


Wait = Callable[[str], None]


@pytest.fixture
def waits(desk: Desk) -> Wait:
    """Returns when a session whose statement begins so waits for a lock."""

    def until(statement: str) -> None:
        for _ in range(500):
            if desk.rows(
                "select 1 from pg_stat_activity where wait_event_type = 'Lock' and starts_with(query, %s)",
                statement,
            ):
                return
            desk.conn.execute("select pg_sleep(0.01)")
        pytest.fail(f"nobody waits in {statement!r}")

    return until
