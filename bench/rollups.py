"""What one new day costs a daily rollup, by how much history it has; beside what one would write by hand.

`python -m bench.rollups [--trades 2000] [--days 60 250 750] [--rounds 5] [--matview]`. Each round loads
a day of trades (not timed), then refreshes trade_flows_daily, deletes and inserts the same day in a
table beside it, and, if asked, refreshes a materialized view of the same query. A late trade is timed
last. 20,000 trades a day are what the issue asks for; the default is a tenth.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString, cast

from psycopg import Connection, connect

from warehouse.access import BUILD
from warehouse.cli.output import lines
from warehouse.db.scratch import scratch_database
from warehouse.db.target import Target, primary
from warehouse.jobs import install
from warehouse.models.base import Base
from warehouse.partitions import ensure
from warehouse.refresh.build import build

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
FLAT, BY_HAND = 1.15, 1.5
PEOPLE = """
    insert into reference.sources (name, priority) values ('bench', 1);
    insert into reference.instruments (symbol, asset_type, currency)
    select 'S' || i, 'equity', 'USD' from generate_series(1, 100) as i;
    insert into reference.accounts (
        account_hash, account_number_encrypted, account_number_digest, display_name, account_type,
        base_currency
    )
    select 'a' || a, '', sha256(a::text::bytea), 'A', 'cash', 'USD' from generate_series(1, 120) as a
"""
TRADES = """
    insert into trading.trades (account_id, executed_at, instrument_id, side, quantity, price, source_id)
    select
        1 + floor(random() * 120)::bigint, %(start)s + random() * (%(end)s - %(start)s),
        1 + floor(random() * 100)::bigint, case when random() < 0.5 then 'buy' else 'sell' end,
        1 + floor(random() * 100), 10 + round(random()::numeric, 2), 1
    from generate_series(1, %(count)s)
"""
TWIN = """
    create schema bench;
    create table bench.twin (like rollups.trade_flows_daily including all);
    create index on bench.twin (flow_day);
    insert into bench.twin select * from rollups.trade_flows_daily;
    analyze bench.twin
"""
MATVIEW = """
    create materialized view bench.matview as select * from rollups.trade_flows_daily__logic;
    create unique index on bench.matview (account_id, instrument_id, flow_day)
"""
REFRESH = "select ops.refresh_rollup('rollups.trade_flows_daily')"
# The very query of the rollup, with the day in it.
DAY = "select ops.scoped_query('rollups.trade_flows_daily__logic'::regclass, %s, %s, null)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trades", type=int, default=2_000)
    parser.add_argument("--days", type=int, nargs="+", default=[60, 250, 750])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--matview", action="store_true")
    asked = parser.parse_args()
    found = {days: _measure(days, asked.trades, asked.rounds, asked.matview) for days in asked.days}
    lines([f"{asked.trades} trades a day, {asked.rounds} rounds; medians"])
    lines(
        [
            "| history | new day | by hand | ratio | late trade | matview |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
    )
    for days, times in found.items():
        new, hand, late = times["new"], times["hand"], times["late"]
        told = f"{times['matview'] / new:.0f} ×" if "matview" in times else "not asked"
        lines(
            [
                f"| {days} days | {new:.1f} ms | {hand:.1f} ms | {new / hand:.2f} | {late:.1f} ms | {told} |"
            ]
        )
    base, last = found[asked.days[0]], found[asked.days[-1]]
    growth, worst = last["new"] / base["new"], max(t["new"] / t["hand"] for t in found.values())
    lines(
        [f"growth from {asked.days[0]} to {asked.days[-1]} days: {growth:.2f} × (target ≤ {FLAT})"]
    )
    lines([f"worst against by hand: {worst:.2f} × (target ≤ {BY_HAND})"])


def _measure(days: int, trades: int, rounds: int, matview: bool) -> dict[str, float]:
    with scratch_database(primary()) as target:
        install.make_roles(target)
        install.migrate(target)
        options = "-c timezone=UTC"
        with connect(**target.keywords(options=options), autocommit=True) as conn:
            _load_history(conn, days, trades)
            build(target, ["--select", "+trade_flows_daily"])
            conn.execute(cast("LiteralString", TWIN))
            if matview:
                conn.execute(cast("LiteralString", MATVIEW))
            conn.execute("vacuum analyze")
            return _time_days(conn, target, days, trades, rounds, matview)


def _load_history(conn: Connection[Any], days: int, trades: int) -> None:
    end = FIRST + timedelta(days=days)
    ensure(conn, Base.metadata.tables["trading.trades"], FIRST, end + timedelta(days=40))
    conn.execute(cast("LiteralString", PEOPLE))
    conn.execute("set session_replication_role = replica")
    conn.execute(TRADES, {"start": FIRST, "end": end, "count": days * trades})
    conn.execute("set session_replication_role = default")


def _time_days(
    conn: Connection[Any], target: Target, days: int, trades: int, rounds: int, matview: bool
) -> dict[str, float]:
    found: dict[str, list[float]] = {"new": [], "hand": [], "late": [], "matview": []}
    with connect(**target.keywords(options=f"-c role={BUILD}"), autocommit=True) as builder:
        for number in range(rounds + 1):
            start = FIRST + timedelta(days=days + number)
            end = start + timedelta(days=1)
            conn.execute(TRADES, {"start": start, "end": end, "count": trades})
            found["new"].append(_timed(lambda: builder.execute(REFRESH)))
            found["hand"].append(_timed(lambda s=start, e=end: _by_hand(conn, s, e)))
            if matview:
                found["matview"].append(
                    _timed(
                        lambda: conn.execute("refresh materialized view concurrently bench.matview")
                    )
                )
            late = FIRST + timedelta(days=days // 2)
            conn.execute(TRADES, {"start": late, "end": late + timedelta(hours=1), "count": 1})
            found["late"].append(_timed(lambda: builder.execute(REFRESH)))
    # The first round reads catalogue and files.
    return {name: statistics.median(times[1:]) for name, times in found.items() if times}


def _by_hand(conn: Connection[Any], start: datetime, end: datetime) -> None:
    row = conn.execute(DAY, [start, end]).fetchone()
    assert row
    with conn.transaction():
        conn.execute("delete from bench.twin where flow_day = %s", [start.date()])
        conn.execute(f"insert into bench.twin {row[0]}".encode())


def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
