"""What the tests of booking share: accounts to book in, and a look at what became of them."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg import Connection, connect

from warehouse.db.engines import async_dispose, dispose
from warehouse.db.target import Target
from warehouse.models.base import Base
from warehouse.partitions import ensure

START = datetime(2026, 1, 30, tzinfo=UTC)
MULTIPLIERS = {1: 1, 2: 100}  # by instrument

WORLD = """
insert into reference.sources (source_id, name, priority) values (1, 'broker', 1);
insert into reference.instruments (instrument_id, symbol, asset_type, currency, multiplier)
values (1, 'ABC', 'equity', 'USD', 1), (2, 'ABC  260320C00100000', 'option', 'USD', 100);
"""
ACCOUNT = """
insert into reference.accounts (
    account_hash, account_number_encrypted, account_number_digest, display_name, account_type,
    base_currency
) values (gen_random_uuid()::text, '', gen_random_uuid()::text::bytea, 'A', 'margin', 'USD')
returning account_id
"""
ORDER = """
insert into trading.orders (
    account_id, source_id, instrument_id, session, duration, order_type, side, quantity,
    remaining_quantity, status, entered_at
) values (%s, 1, %s, 'normal', 'day', 'market', %s, %s, %s, 'working', %s)
returning order_id
"""
LEG = """
insert into trading.order_legs (
    account_id, order_id, leg_no, leg_type, instruction, quantity, instrument_id
) values (%s, %s, %s, 'equity', %s, %s, %s)
"""


def at(minute: int) -> datetime:
    """A moment of the tests' two days and two months."""
    return START + timedelta(minutes=minute)


class Desk:
    """Accounts, orders and positions of one database, seen from outside of booking."""

    def __init__(self, conn: Connection[Any]) -> None:
        self.conn = conn

    def account(self) -> int:
        return self._key(ACCOUNT, [])

    def order(
        self, account: int, side: str | None, quantity: int, *legs: tuple[str, int, int]
    ) -> int:
        """A working order; its legs are instruction, quantity and instrument."""
        legs = legs or ((side or "", quantity, 1),)
        instrument = legs[0][2] if len(legs) == 1 else None
        order = self._key(ORDER, [account, instrument, side, quantity, quantity, START])
        for number, (instruction, size, one) in enumerate(legs, 1):
            self.conn.execute(LEG, [account, order, number, instruction, size, one])
        return order

    def one(self, statement: str, *parameters: Any) -> Any:
        """The only row of an answer."""
        (row,) = self.conn.execute(statement, parameters).fetchall()
        return row

    def order_state(self, order: int) -> Any:
        """Its status, and how much of it has traded and remains."""
        return self.one(
            "select status, filled_quantity, remaining_quantity from trading.orders"
            " where order_id = %s",
            order,
        )

    def positions(self, *accounts: int) -> dict[tuple[int, int], tuple[Any, ...]]:
        rows = self.conn.execute(
            "select account_id, instrument_id, quantity, average_price, realized_pnl, last_trade_at"
            " from trading.positions where account_id = any(%s)",
            [list(accounts)],
        )
        return {(row[0], row[1]): row[2:] for row in rows}

    def count(self, table: str) -> int:
        (found,) = self.one(f"select count(*) from {table}")
        return int(found)

    def _key(self, statement: str, parameters: list[Any]) -> int:
        (key,) = self.one(statement, *parameters)
        return int(key)


@pytest.fixture
def desk(database: Target) -> Iterator[Desk]:
    with connect(**database.keywords(options="-c timezone=UTC"), autocommit=True) as conn:
        conn.execute(WORLD)
        ensure(conn, Base.metadata.tables["trading.trades"], at(0), at(60 * 24 * 5))
        yield Desk(conn)
    dispose()


@pytest.fixture
async def loop() -> AsyncIterator[None]:
    """Closes the async engines in the loop that used them."""
    yield
    await async_dispose()
