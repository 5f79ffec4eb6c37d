"""A market of any size, made in the server: what every workload over trades and bars measures.

The same every time. Rows are written in the order of time, as a market writes them.
"""

import csv
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from psycopg import Connection, connect

from warehouse.db.target import Target
from warehouse.ingest.booking import apply_fills
from warehouse.ingest.kinds import KINDS
from warehouse.ingest.order import Order
from warehouse.ingest.pipeline import load_file
from warehouse.models.base import Base
from warehouse.partitions import ensure

FIRST = datetime(2025, 1, 1, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
INSTRUMENTS, ACCOUNTS = 500, 200
SYMBOL_NAMES = [f"S{n + 1}" for n in range(INSTRUMENTS)]
ACCOUNT_NAMES = [f"a{n + 1}" for n in range(ACCOUNTS)]
PEOPLE = f"""
insert into reference.sources (name, priority) values ('bench', 1);
insert into reference.instruments (symbol, asset_type, currency)
select 'S' || g, 'equity', 'USD' from generate_series(1, {INSTRUMENTS}) as g;
insert into reference.accounts (account_hash, account_number_encrypted, account_number_digest,
    display_name, account_type, base_currency)
select 'a' || g, '', g::text::bytea, 'A', 'cash', 'USD' from generate_series(1, {ACCOUNTS}) as g;
analyze reference.sources, reference.instruments, reference.accounts;
"""
# An account trades a hundred instruments of its own.
TRADES = f"""
insert into trading.trades (account_id, executed_at, instrument_id, side, quantity, price,
    commission, source_id)
select account, %(start)s + n * %(step)s,
    1 + mod(account * 7 + floor(random() * 100)::bigint, {INSTRUMENTS}),
    case when random() < 0.5 then 'buy' else 'sell' end, 1 + floor(random() * 500),
    round((50 + random() * 100)::numeric, 2), 1.25, 1
from generate_series(0, %(rows)s::bigint - 1) as g (n)
cross join lateral (select 1 + (floor(random() * {ACCOUNTS}) + 0 * n)::bigint) as a (account)
"""
BARS = """
insert into market.bars (instrument_id, frequency, bar_at, source_id, open, high, low, close, volume)
select i, '1m', at, 1, p, p + 0.31, p - 0.27, p + 0.04, 100 + floor(random() * 9000)
from (
    select i, at, 20 + i + round((extract(epoch from at)::bigint %% 977)::numeric / 100, 2) as p
    from generate_series(%(start)s, %(end)s - interval '1 minute', interval '1 minute') as at
    cross join generate_series(1, %(instruments)s) as i
    where at::time >= '14:30' and at::time < '21:00'
) as minutes
"""
COLUMNS = ("account", "executed_at", "symbol", "side", "quantity", "price", "commission")
MINUTES = 390  # of a session
ROWS_AT_ONCE = 1_000_000


def opened(target: Target) -> Connection[Any]:
    """As the administrator, each statement for itself."""
    return connect(**target.keywords(options="-c timezone=UTC"), autocommit=True)


def people(conn: Connection[Any]) -> None:
    """A source, instruments and accounts."""
    conn.execute(PEOPLE)


def trades(conn: Connection[Any], start: datetime, days: int, rows: int) -> None:
    """So many trades, evenly over the days, and the positions that come of them."""
    step = days * DAY / rows
    ensure(conn, Base.metadata.tables["trading.trades"], start, start + days * DAY)
    for first in range(0, rows, ROWS_AT_ONCE):
        part = {
            "start": start + first * step,
            "step": step,
            "rows": min(ROWS_AT_ONCE, rows - first),
        }
        with conn.transaction():
            _write(conn, TRADES, part)
            apply_fills(conn)


def bars(conn: Connection[Any], start: datetime, days: int, instruments: int) -> int:
    """Bars of every minute of so many sessions; how many."""
    end = start + days * DAY
    ensure(conn, Base.metadata.tables["market.bars"], start, end)
    return _write(conn, BARS, {"start": start, "end": end, "instruments": instruments})


@contextmanager
def file(
    rows: int,
    day: datetime,
    accounts: Sequence[str] = ACCOUNT_NAMES,
    symbols: Sequence[str] = SYMBOL_NAMES,
) -> Iterator[Path]:
    """A broker's file with a day's trades."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "trades.csv"
        with path.open("w", newline="") as written:
            writer = csv.writer(written)
            writer.writerow(COLUMNS)
            for n in range(rows):
                account, symbol = accounts[n % len(accounts)], symbols[n * 7 % len(symbols)]
                moment, side = (day + n * DAY / rows).isoformat(), ("buy", "sell")[n * 7 // 3 % 2]
                writer.writerow([account, moment, symbol, side, n % 500 + 1, "75.25", "1.25"])
        yield path


def load(target: Target, path: Path) -> int:
    """Load a file of trades as `warehouse ingest` does; how many."""
    order = Order(KINDS["trades"], "bench")
    return load_file(target, order, str(path)).tally.loaded


def _write(conn: Connection[Any], statement: str, values: dict[str, Any]) -> int:
    with conn.transaction():
        # As loads do: the keys are right, the audit triggers fire all the same.
        conn.execute("set local session_replication_role = replica")
        conn.execute("select setseed(0.5)")
        return conn.execute(statement.encode(), values).rowcount
