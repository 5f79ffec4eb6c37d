"""How many pages a range of a BRIN should have: its size, and what a query reads for nothing.

`python -m bench.partitions_brin [--scale small|large]`. Bars come in minute by minute;
trades come in daily files in no order of time; each night brings some late rows of the day before.
The table has no other index, so that the plan is the BRIN's. For the width of a window, the heap
pages read are compared with the fewest that hold its rows. Pages do not vary, so there is one round.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, connect

from bench.measure import Bench, Result, at_most, run
from warehouse.models.base import BRIN_PAGES_PER_RANGE

PAGES = (8, BRIN_PAGES_PER_RANGE, 128)
WINDOWS = ("1 minute", "1 hour", "1 day")
TARGET = 0.001  # of the heap

# One month of the regular session; a late row is written after the next day's.
BARS = """
insert into bench_bars
select i, '1m', at, 1, p, p + 0.31, p - 0.27, p + 0.04, 100 + i * 7 %% 9000, null, null, false,
    extract(epoch from written)::bigint / 60
from (
    select i, at, 20 + i + round((extract(epoch from at)::bigint %% 977)::numeric / 100, 2) as p,
        case when (i * 31 + extract(epoch from at)::bigint / 60) %% 500 = 0
            then date_trunc('day', at) + interval '1 day 21 hours' else at end as written
    from generate_series(1, %(instruments)s) as i,
        generate_series(0, %(days)s - 1) as day,
        generate_series(0, 389) as minute,
        lateral (select timestamptz '2026-03-02 14:30+0'
            + make_interval(days => day, mins => minute)) as t (at)
) as rows
order by written, i
"""
TRADES = """
insert into bench_trades
select account, at, row_number() over (), 'new', null, null, account * 100, 1 + id %% 900, 1, 'buy',
    'opening', 'opening', 100, 20 + (id %% 9973)::numeric / 100, 1.00, 0.02, at::date + 2, 1, null,
    extract(epoch from written)::bigint / 86400
from (
    select id, 1 + id * 7919 %% 300 as account, at,
        date_trunc('day', at) + interval '1 day' * (1 + (id %% 500 = 0)::integer) as written
    from generate_series(1::bigint, %(instruments)s * %(days)s * 390) as id,
        lateral (select timestamptz '2026-03-02 14:30+0' + make_interval(
            days => (id %% %(days)s)::integer, secs => id * 7907 %% 23400)) as t (at)
) as rows
order by written, account, id * 6007 %% 104729
"""
WINDOW = "{0} >= timestamptz '2026-03-10 15:30+0' and {0} < '2026-03-10 15:30+0'::timestamptz + %(width)s::interval"


@dataclass(frozen=True)
class Case:
    """One table, and the column of its BRIN."""

    table: str
    source: str
    column: str
    rows: str

    @property
    def name(self) -> str:
        return f"bench_{self.table}"


CASES = (
    Case("bars", "market.bars", "bar_at", BARS),
    Case("trades", "trading.trades", "executed_at", TRADES),
)


def measure(bench: Bench) -> Iterator[Result]:
    options = bench.pick({"instruments": 100, "days": 12}, {"instruments": 500, "days": 21})
    with (
        bench.database() as target,
        connect(**target.keywords(options="-c timezone=UTC"), autocommit=True) as conn,
    ):
        conn.execute("set jit = off; set max_parallel_workers_per_gather = 0")
        for case in CASES:
            bench.tell(case.table)
            load(conn, case, options)
            yield from report(conn, case)


def load(conn: Connection[Any], case: Case, options: dict[str, int]) -> None:
    """The rows as they would lie on disk, in the shape of the warehouse's own table."""
    conn.execute(f"create table {case.name} (like {case.source})")
    conn.execute(case.rows, options)
    conn.execute(f"vacuum (freeze, analyze) {case.name}")


def report(conn: Connection[Any], case: Case) -> Iterator[Result]:
    """What each size of a range costs."""
    heap = size(conn, case.name)
    fewest = {width: needed(conn, case, width) for width in WINDOWS}
    for pages in PAGES:
        at = (pages, "pages a range")
        with index(conn, case, pages):
            room = [size(conn, "bench_idx") / 1024], [heap / 1024], "the heap"
            aim = at_most(TARGET) if pages == BRIN_PAGES_PER_RANGE else None
            yield Result(f"{case.table}: size of the BRIN", "kB", *room, aim, at)
            for width, least in fewest.items():
                read = [ask(conn, case, width)], [least], "the fewest"
                yield Result(f"{case.table}: read for {width}", "pages", *read, at=at)


@contextmanager
def index(conn: Connection[Any], case: Case, pages: int) -> Iterator[None]:
    """One index at a time, so that the planner has no choice."""
    conn.execute(
        f"create index bench_idx on {case.name} using brin ({case.column})"
        f" with (pages_per_range = {pages})"
    )
    conn.execute("set enable_seqscan = off")
    yield
    conn.execute("reset enable_seqscan")
    conn.execute("drop index bench_idx")


def ask(conn: Connection[Any], case: Case, width: str) -> int:
    """How many heap pages are read for a window in the middle of the month."""
    (explained,) = one(
        conn,
        "explain (analyze, buffers, timing off, format json)"
        f" select count(*), max({case.column}) from {case.name} where {WINDOW.format(case.column)}",
        {"width": width},
    )
    plan = explained[0]["Plan"]
    while plan["Node Type"] != "Bitmap Heap Scan":
        (plan,) = plan["Plans"]
    return int(plan.get("Exact Heap Blocks", 0) + plan.get("Lossy Heap Blocks", 0))


def needed(conn: Connection[Any], case: Case, width: str) -> int:
    """The fewest pages that hold the window's rows."""
    (pages,) = one(
        conn,
        f"select count(distinct (ctid::text::point)[0]) from {case.name}"
        f" where {WINDOW.format(case.column)}",
        {"width": width},
    )
    return int(pages)


def size(conn: Connection[Any], relation: str) -> int:
    return int(one(conn, "select pg_relation_size(%s::regclass)", [relation])[0])


def one(conn: Connection[Any], statement: str, values: Any) -> Any:
    return conn.execute(statement, values).fetchone()


if __name__ == "__main__":
    run(measure)
