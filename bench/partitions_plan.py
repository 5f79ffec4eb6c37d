"""What partitions cost before anything is read: a plan over 5,000 of them, and planning one query.

`python -m bench.partitions_plan [--scale small|large]`. The query asks for one day of a table with 12,
120 and 1,200 partitions in turn; the figure is the planner's own, in a session that has asked before.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from psycopg import Connection, connect

from bench.measure import Bench, Result, at_most, run, seconds
from warehouse.models.base import Base
from warehouse.partitions import ensure
from warehouse.partitions.planning import make_plan

COUNTS = (12, 120, 1200)
ROUNDS, PLANS = 15, 5
PLAN_TARGET, QUERY_TARGET = 1.0, 2.0
LOGS = Base.metadata.tables["ops.system_logs"]
QUERY = """
explain (summary, costs off) select sum(volume) from bench_bars_{count}
where instrument_id = 7 and bar_at >= '2026-01-03 00:00+00' and bar_at < '2026-01-04 00:00+00'
"""


def measure(bench: Bench) -> Iterator[Result]:
    with (
        bench.database() as target,
        connect(**target.keywords(options="-c timezone=UTC"), autocommit=True) as conn,
    ):
        bench.tell("tables")
        yield from _query(bench, conn)
        yield from _plan(bench, conn, bench.pick(500, 5000))


def _plan(bench: Bench, conn: Connection[Any], days: int) -> Iterator[Result]:
    now = datetime.now(UTC)
    ensure(conn, LOGS, now - timedelta(days=days), now + timedelta(days=5))
    for name, retention in (("none is due", None), ("half are due, no gate open", days // 2)):
        conn.execute(
            "update ops.partition_policy set retention = %s where parent_table = 'ops.system_logs'",
            [retention and f"{retention} days"],
        )
        turns = bench.turns({name: lambda: seconds(lambda: make_plan(conn, now))}, PLANS)
        aim, at = at_most(PLAN_TARGET), (days, "daily partitions")
        yield Result(f"a plan, {name}", "s", turns[name], aim=aim, at=at)


def _query(bench: Bench, conn: Connection[Any]) -> Iterator[Result]:
    for count in COUNTS:
        _make_table(conn, count)
    ways = {str(count): partial(_planning_ms, conn, count) for count in COUNTS}
    found = bench.turns(ways, ROUNDS, warm=1)  # the first of each reads the catalogue
    name, (first, *others) = "planning a query of one day", COUNTS
    yield Result(name, "ms", found[str(first)], at=(first, "partitions"))
    for count in others:
        beside = found[str(first)], f"with {first}", at_most(QUERY_TARGET)
        yield Result(name, "ms", found[str(count)], *beside, (count, "partitions"))


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


if __name__ == "__main__":
    run(measure)
