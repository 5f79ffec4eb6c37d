"""What it costs to book a load: `apply_fills` beside a bare COPY of the same trades, in one run.

`python -m bench.booking [--trades 300000] [--pairs 2500] [--repeats 3]`. The limit is a binary COPY into
an unindexed heap. Ahead: all trades are later than what the positions have seen; shuffled: the same,
written in no order; anew: every position is booked from its opening, as after a late trade in each.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from psycopg import Connection, connect

from warehouse.db.scratch import scratch_database
from warehouse.db.target import primary
from warehouse.ingest.booking import apply_fills
from warehouse.jobs import install
from warehouse.models.base import Base
from warehouse.partitions import ensure

START = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = "account_id, executed_at, instrument_id, side, quantity, price, source_id"
WORLD = """
insert into reference.sources (source_id, name, priority) values (1, 'bench', 1);
insert into reference.accounts (
    account_id, account_hash, account_number_encrypted, account_number_digest, display_name,
    account_type, base_currency
)
select n, n::text, '', n::text::bytea, 'A', 'margin', 'USD' from generate_series(0, 9999) as g (n);
insert into reference.instruments (instrument_id, symbol, asset_type, currency)
select n, n::text, 'equity', 'USD' from generate_series(0, 9999) as g (n);
"""
TRADES = """
create table public.tape as
select
    p.pair / 50 as account_id,
    timestamptz '2026-01-02 00:00+00' + n * interval '0.1 second' as executed_at,
    mod(p.pair, 50) as instrument_id,
    case when random() < 0.5 then 'buy' else 'sell' end as side,
    (1 + floor(random() * 500))::numeric as quantity,
    round((50 + random() * 100)::numeric, 2) as price,
    1::bigint as source_id
from generate_series(1, %(trades)s::bigint) as g (n)
cross join lateral (select (floor(random() * %(pairs)s) + 0 * n)::bigint as pair) as p
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trades", type=int, default=300_000)
    parser.add_argument("--pairs", type=int, default=2_500, help="of accounts and instruments")
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    with scratch_database(primary()) as target:
        install.make_roles(target)
        install.migrate(target)
        with connect(**target.keywords(options="-c timezone=UTC"), autocommit=True) as conn:
            end = START + timedelta(days=31)
            ensure(conn, Base.metadata.tables["trading.trades"], START, end)
            conn.execute(WORLD)
            conn.execute(TRADES, {"trades": asked.trades, "pairs": asked.pairs})
            accounts = count(step=asked.pairs // 50 + 1)
            for _ in range(asked.repeats):
                print("  ".join(measured(conn, asked.trades, accounts)), flush=True)


def measured(conn: Connection[Any], trades: int, accounts: Iterator[int]) -> list[str]:
    """One round, each cost in µs a trade and as a share of the speed of COPY."""
    limit = copied(conn)
    costs = {
        "ahead": booked(conn, next(accounts)),
        "shuffled": booked(conn, next(accounts), "order by random()"),
        "anew": booked(conn, next(accounts), again=True),
    }
    each = [
        f"{name} {cost / trades * 1e6:.2f} µs ({limit / cost:.2f})" for name, cost in costs.items()
    ]
    return [f"COPY {limit / trades * 1e6:.2f} µs", *each]


def copied(conn: Connection[Any]) -> float:
    with conn.cursor().copy(f"copy public.tape ({COLUMNS}) to stdout (format binary)") as copy:
        rows = b"".join(bytes(block) for block in copy)
    with conn.transaction():
        conn.execute("create temporary table heap (like public.tape) on commit drop")
        with timed() as taken, conn.cursor().copy("copy heap from stdin (format binary)") as copy:
            copy.write(rows)
    return taken()


def booked(conn: Connection[Any], account: int, order: str = "", *, again: bool = False) -> float:
    """How long the positions take; accounts from that number on, so that no run sees another's."""
    with conn.transaction():
        conn.execute("set local session_replication_role = replica")
        conn.execute(
            f"insert into trading.trades ({COLUMNS})"
            f" select account_id + {account}, executed_at, instrument_id, side, quantity, price,"
            f" source_id from public.tape {order}"
        )
        if again:
            apply_fills(conn)
        with timed() as taken:
            apply_fills(conn)
    return taken()


class timed:  # noqa: N801 - reads as a word of the with statement
    """The seconds that a block took."""

    def __enter__(self) -> Callable[[], float]:
        self.began = self.ended = time.perf_counter()
        return lambda: self.ended - self.began

    def __exit__(self, *_: object) -> None:
        self.ended = time.perf_counter()


if __name__ == "__main__":
    main()
