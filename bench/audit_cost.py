"""What the audit costs a writer: the same writes with it, without it, and with images by a row trigger.

`python -m bench.audit_cost [--scale small|large]`. The baseline is the same without audit. A bulk load
copies trades into their partition as loads do, a booking is one fill of an order in a transaction of
its own.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any

from psycopg import Connection, connect

from bench.measure import Bench, Result, at_least, run
from warehouse.db.engines import async_dispose
from warehouse.ingest.booking import Fill, book
from warehouse.models import Base
from warehouse.models.trading import Side
from warehouse.partitions import ensure

ROUNDS = 5
# Each fill is later than all before it, as fills come; a late one would be booked anew.
TICKS = count(1)
BULK_TARGET, BOOKING_TARGET = 0.80, 0.85
START = datetime(2026, 1, 1, tzinfo=UTC)
WRITTEN = (
    "trading.trades",
    "trading.positions",
    "trading.orders",
    "trading.order_activities",
    "trading.execution_legs",
)
WORLD = """
insert into reference.sources (source_id, name, priority) values (1, 'csv', 1);
insert into reference.instruments (instrument_id, symbol, asset_type, currency)
select g, 'S' || g, 'equity', 'USD' from generate_series(1, 500) g;
insert into reference.accounts (account_id, account_hash, account_number_encrypted,
    account_number_digest, display_name, account_type, base_currency)
select g, g::text, '', g::text::bytea, 'A', 'cash', 'USD' from generate_series(1, 200) g;
insert into trading.orders (account_id, order_id, source_id, instrument_id, session, duration,
    order_type, side, quantity, remaining_quantity, status, entered_at)
select 1 + g % 200, g, 1, 1 + g % 500, 'normal', 'day', 'market', 'buy', 100000, 100000, 'working', now()
from generate_series(1, 1000) g;
insert into trading.order_legs (account_id, order_id, leg_no, leg_type, instruction, quantity,
    instrument_id)
select account_id, order_id, 1, 'equity', 'buy', quantity, instrument_id from trading.orders;
"""
COLUMNS = "account_id, executed_at, instrument_id, side, quantity, price, source_id"
# As audits are often written: the row that was inserted, as JSON, in a table of their own.
ROW_TRIGGER = """
create table public.row_images (table_name text, at timestamptz, image jsonb);
create function public.keep_image() returns trigger language plpgsql as $$
begin
    insert into public.row_images values (tg_table_name, now(), to_jsonb(new));
    return null;
end;
$$;
create trigger keep_image after insert or update on {table}
for each row execute function public.keep_image();
"""


def measure(bench: Bench) -> Iterator[Result]:
    with bench.database() as target, connect(**target.keywords(), autocommit=True) as conn:
        conn.execute(WORLD)
        table = Base.metadata.tables["trading.trades"]
        ensure(conn, table, START, START + timedelta(days=1))
        yield from _bulk(bench, conn, bench.pick(50_000, 200_000))
        yield _booking(bench, conn, bench.pick(100, 300))


# -- ways ------------------------------------------------------------------------------------------


@contextmanager
def unaudited(conn: Connection[Any]) -> Iterator[None]:
    """Without the audit's triggers; rows then name the event 0."""
    triggers = conn.execute(
        "select tgrelid::regclass::text, tgname from pg_trigger"
        " where tgname like 'audit%%' and tgrelid = any(%s::regclass[])",
        [list(WRITTEN)],
    ).fetchall()
    defaults = conn.execute(
        "select adrelid::regclass::text, pg_get_expr(adbin, adrelid) from pg_attrdef d"
        " join pg_attribute a on a.attrelid = adrelid and a.attnum = adnum"
        " where attname = 'event_id' and adrelid = any(%s::regclass[])",
        [list(WRITTEN)],
    ).fetchall()
    for table, trigger in triggers:
        conn.execute(f"alter table {table} disable trigger {trigger}")
    for table, _ in defaults:
        conn.execute(f"alter table {table} alter column event_id set default 0")
    yield
    for table, trigger in triggers:
        conn.execute(f"alter table {table} enable always trigger {trigger}")
    for table, default in defaults:
        conn.execute(f"alter table {table} alter column event_id set default {default}")


@contextmanager
def audited(_: Connection[Any]) -> Iterator[None]:
    yield


@contextmanager
def row_trigger(conn: Connection[Any]) -> Iterator[None]:
    with unaudited(conn):
        conn.execute(ROW_TRIGGER.format(table="trading.trades"))
        conn.execute("alter table trading.trades enable always trigger keep_image")
        yield
        conn.execute("drop trigger keep_image on trading.trades")
        conn.execute("drop function public.keep_image")
        conn.execute("drop table public.row_images")


WAYS = {"no audit": unaudited, "audited": audited, "row trigger, jsonb": row_trigger}


# -- writes ----------------------------------------------------------------------------------------


def _bulk(bench: Bench, conn: Connection[Any], rows: int) -> Iterator[Result]:
    """In a transaction that is undone, so that every round finds the same table."""
    tape = b"".join(
        b"%d\t2026-01-01 %02d:%02d:%02d\t%d\tbuy\t%d\t%d.25\t1\n"
        % (
            1 + n % 200,
            9 + n * 7 // rows,
            n % 60,
            n // 60 % 60,
            1 + n % 500,
            1 + n % 7,
            10 + n % 90,
        )
        for n in range(rows)
    )

    def rate(way: str) -> float:
        with WAYS[way](conn):
            found = rows / _copied(conn, tape)
        conn.execute("vacuum trading.trades")
        return found

    turns = bench.turns({way: partial(rate, way) for way in WAYS}, ROUNDS)
    for way, aim in (("audited", at_least(BULK_TARGET)), ("row trigger, jsonb", None)):
        yield Result(f"bulk load, {way}", "rows/s", turns[way], turns["no audit"], "no audit", aim)


def _copied(conn: Connection[Any], tape: bytes) -> float:
    with conn.transaction(force_rollback=True):
        conn.execute("set local session_replication_role = replica")
        began = time.perf_counter()
        with conn.cursor().copy(f"copy trading.trades ({COLUMNS}) from stdin") as copy:
            copy.write(tape)
        return time.perf_counter() - began


def _booking(bench: Bench, conn: Connection[Any], fills: int) -> Result:
    def rate(way: str) -> float:
        with WAYS[way](conn):
            return fills / asyncio.run(_both(fills))

    async def _both(fills: int) -> float:
        # The first books on a connection whose plans are those of the other way.
        await _booked(20)
        taken = await _booked(fills)
        await async_dispose()
        return taken

    ours, base = partial(rate, "audited"), partial(rate, "no audit")
    return bench.beside(
        "single bookings", "fills/s", ours, base, "no audit", ROUNDS, aim=at_least(BOOKING_TARGET)
    )


async def _booked(fills: int) -> float:
    began = time.perf_counter()
    for n in range(1, fills + 1):
        order = 1 + n % 1000
        await book(
            [
                Fill(
                    account_id=1 + order % 200,
                    instrument_id=1 + order % 500,
                    source_id=1,
                    side=Side.BUY,
                    quantity=Decimal(1),
                    price=Decimal("10.25"),
                    executed_at=START + timedelta(seconds=next(TICKS)),
                    order_id=order,
                )
            ]
        )
    return time.perf_counter() - began


if __name__ == "__main__":
    run(measure)
