"""What it costs to book a load: `apply_fills` beside a bare COPY of the same trades, in one run.

`python -m bench.booking [--scale small|large]`. The limit is a binary COPY into
an unindexed heap. Ahead: all trades are later than what the positions have seen; shuffled: the same,
written in no order; anew: every position is booked from its opening, as after a late trade in each.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from psycopg import Connection, connect

from bench.measure import Bench, Result, run, seconds
from warehouse.ingest.booking import apply_fills
from warehouse.models.base import Base
from warehouse.partitions import ensure

ROUNDS = 5
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


def measure(bench: Bench) -> Iterator[Result]:
    trades, pairs = bench.pick((50_000, 500), (300_000, 2_500))
    with (
        bench.database() as target,
        connect(**target.keywords(options="-c timezone=UTC"), autocommit=True) as conn,
    ):
        bench.tell("load")
        ensure(conn, Base.metadata.tables["trading.trades"], START, START + timedelta(days=31))
        conn.execute(WORLD)
        conn.execute(TRADES, {"trades": trades, "pairs": pairs})
        accounts = count(step=pairs // 50 + 1)
        ways = {
            "COPY": lambda: copied(conn),
            "ahead": lambda: booked(conn, next(accounts)),
            "shuffled": lambda: booked(conn, next(accounts), "order by random()"),
            "anew": lambda: booked(conn, next(accounts), again=True),
        }
        found = bench.turns(ways, ROUNDS)
    costs = {way: [each / trades * 1e6 for each in times] for way, times in found.items()}
    for way in ("ahead", "shuffled", "anew"):
        yield Result(f"positions of a load, {way}", "µs a trade", costs[way], costs["COPY"], "COPY")


def copied(conn: Connection[Any]) -> float:
    with conn.cursor().copy(f"copy public.tape ({COLUMNS}) to stdout (format binary)") as copy:
        rows = b"".join(bytes(block) for block in copy)
    with conn.transaction():
        conn.execute("create temporary table heap (like public.tape) on commit drop")
        return seconds(lambda: _copy(conn, rows))


def _copy(conn: Connection[Any], rows: bytes) -> None:
    with conn.cursor().copy("copy heap from stdin (format binary)") as copy:
        copy.write(rows)


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
        return seconds(lambda: apply_fills(conn))


if __name__ == "__main__":
    run(measure)
