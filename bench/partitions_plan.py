"""What partitions cost before anything is read: a plan over 5,000 of them, and planning one query.

`python -m bench.partitions_plan [--days 5000]`. The query asks for one day of a table with 12, 120
and 1,200 partitions in turn; the figure is the planner's own, in a session that has asked before.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import Connection, connect

from warehouse.cli.output import lines
from warehouse.db.scratch import scratch_database
from warehouse.db.target import primary
from warehouse.jobs import install
from warehouse.models.base import Base
from warehouse.partitions import ensure
from warehouse.partitions.planning import make_plan

COUNTS = (12, 120, 1200)
REPEATS = 15
PLAN_TARGET, QUERY_TARGET = 1.0, 2.0
LOGS = Base.metadata.tables["ops.system_logs"]
QUERY = """
explain (summary, costs off) select sum(volume) from bench_bars_{count}
where instrument_id = 7 and bar_at >= '2026-01-03 00:00+00' and bar_at < '2026-01-04 00:00+00'
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=5000)
    days = parser.parse_args().days
    with scratch_database(primary()) as target:
        install.make_roles(target)
        install.migrate(target)
        options = "-c timezone=UTC"
        with connect(**target.keywords(options=options), autocommit=True) as conn:
            _bench_query(conn)
            _bench_plan(conn, days)


def _bench_plan(conn: Connection[Any], days: int) -> None:
    now = datetime.now(UTC)
    ensure(conn, LOGS, now - timedelta(days=days), now + timedelta(days=5))
    lines([f"\n| plan, {days} daily partitions | median | min | max | target | met |"])
    lines(["| --- | --- | --- | --- | --- | --- |"])
    for name, retention in (("none is due", None), ("half are due, no gate open", days // 2)):
        conn.execute(
            "update ops.partition_policy set retention = %s where parent_table = 'ops.system_logs'",
            [retention and f"{retention} days"],
        )
        seconds = [_timed(lambda: make_plan(conn, now)) for _ in range(REPEATS)]
        _row(name, seconds, 1.0, " s", PLAN_TARGET)


def _bench_query(conn: Connection[Any]) -> None:
    for count in COUNTS:
        _make_table(conn, count)
    found: dict[int, list[float]] = {count: [] for count in COUNTS}
    for _ in range(REPEATS + 1):
        for count in COUNTS:
            found[count].append(_planning_ms(conn, count))
    # The first of each reads the catalogue into the session.
    base = statistics.median(found[COUNTS[0]][1:])
    lines(["| one-day query, partitions | ratio to 12, median | min | max | target | met |"])
    lines(["| --- | --- | --- | --- | --- | --- |"])
    for count in COUNTS:
        _row(f"{count} ({base:.2f} ms at 12)", found[count][1:], base, " ×", QUERY_TARGET)


def _make_table(conn: Connection[Any], count: int) -> None:
    """Daily partitions from 2026 on, with all indexes of market.bars."""
    table = f"bench_bars_{count}"
    conn.execute(
        f"create table {table} (like market.bars including all) partition by range (bar_at)"
    )
    for number in range(count):
        start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)
        conn.execute(
            f"create table {table}_p{start:%Y%m%d} partition of {table}"
            f" for values from ('{start}') to ('{start + timedelta(days=1)}')"
        )


def _planning_ms(conn: Connection[Any], count: int) -> float:
    lines = [line for (line,) in conn.execute(QUERY.format(count=count))]
    (told,) = (line for line in lines if line.startswith("Planning Time"))
    return float(told.split()[2])


def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _row(name: str, found: Sequence[float], base: float, unit: str, target: float) -> None:
    middle, low, high = (f(found) / base for f in (statistics.median, min, max))
    met = "yes" if middle <= target else "no"
    lines(
        [f"| {name} | {middle:.2f}{unit} | {low:.2f} | {high:.2f} | ≤ {target:g}{unit} | {met} |"]
    )


if __name__ == "__main__":
    main()
