"""How many pages a range of a BRIN should have: its size, and what a query reads for nothing.

`python -m bench.partitions_brin [--instruments 200] [--days 21]`. Bars come in minute by minute;
trades come in daily files in no order of time; each night brings some late rows of the day before.
The table has no other index, so that the plan is the BRIN's. For the width of a window, the heap
pages read are compared with the fewest that hold its rows.
"""

import argparse
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, connect

from warehouse.cli.output import lines
from warehouse.db.scratch import scratch_database
from warehouse.db.target import primary
from warehouse.jobs import install

PAGES = (8, 16, 32, 64, 128)
WINDOWS = ("1 minute", "1 hour", "1 day")
REPEATS = 5
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
class Bench:
    """One table, and the column of its BRIN."""

    table: str
    source: str
    column: str
    rows: str

    @property
    def name(self) -> str:
        return f"bench_{self.table}"


BENCHES = (
    Bench("bars", "market.bars", "bar_at", BARS),
    Bench("trades", "trading.trades", "executed_at", TRADES),
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--instruments", type=int, default=200)
    parser.add_argument("--days", type=int, default=21, help="10 or more")
    options = vars(parser.parse_args())
    with scratch_database(primary()) as target:
        install.make_roles(target)
        install.migrate(target)
        with connect(**target.keywords(options="-c timezone=UTC"), autocommit=True) as conn:
            conn.execute("set jit = off; set max_parallel_workers_per_gather = 0")
            for bench in BENCHES:
                load(conn, bench, options)
                lines(report(conn, bench))


def load(conn: Connection[Any], bench: Bench, options: dict[str, int]) -> None:
    """The rows as they would lie on disk, in the shape of the warehouse's own table."""
    conn.execute(f"create table {bench.name} (like {bench.source})")
    conn.execute(bench.rows, options)
    conn.execute(f"vacuum (freeze, analyze) {bench.name}")


def report(conn: Connection[Any], bench: Bench) -> Iterator[str]:
    """A table of what each size of a range costs; each repetition goes through all of them."""
    heap = size(conn, bench.name)
    count, correlation = one(
        conn,
        f"select (select count(*) from {bench.name}), correlation from pg_stats"
        " where tablename = %s and attname = %s",
        [bench.name, bench.column],
    )
    fewest = {width: needed(conn, bench, width) for width in WINDOWS}
    sizes: dict[int, int] = {}
    runs: dict[tuple[int, str], list[Run]] = defaultdict(list)
    for _ in range(REPEATS):
        for pages in PAGES:
            with index(conn, bench, pages):
                sizes[pages] = size(conn, "bench_idx")
                for width in WINDOWS:
                    runs[pages, width].append(run(conn, bench, width))
    yield (
        f"\n**{bench.table}**: {count:,} rows, {heap / 2**20:.0f} MB, "
        f"correlation of {bench.column} {correlation:.3f}\n"
    )
    heads = (f"{width}: pages, × fewest, ms" for width in WINDOWS)
    yield f"| pages_per_range | of the heap | target 0.1 % | {' | '.join(heads)} |"
    yield "|" + " --- |" * (3 + len(WINDOWS))
    for pages in PAGES:
        share = sizes[pages] / heap
        met = "met" if share <= TARGET else "not met"
        cells = (cell(runs[pages, width], fewest[width]) for width in WINDOWS)
        yield f"| {pages} | {share:.4%} | {met} | {' | '.join(cells)} |"


@contextmanager
def index(conn: Connection[Any], bench: Bench, pages: int) -> Iterator[None]:
    """One index at a time, so that the planner has no choice."""
    conn.execute(
        f"create index bench_idx on {bench.name} using brin ({bench.column})"
        f" with (pages_per_range = {pages})"
    )
    conn.execute("set enable_seqscan = off")
    yield
    conn.execute("reset enable_seqscan")
    conn.execute("drop index bench_idx")


@dataclass(frozen=True)
class Run:
    """What one query did."""

    pages: int
    milliseconds: float


def run(conn: Connection[Any], bench: Bench, width: str) -> Run:
    """The sum of a column over a window in the middle of the month."""
    (explained,) = one(
        conn,
        "explain (analyze, buffers, timing off, format json)"
        f" select count(*), max({bench.column}) from {bench.name} where {WINDOW.format(bench.column)}",
        {"width": width},
    )
    plan = explained[0]["Plan"]
    while plan["Node Type"] != "Bitmap Heap Scan":
        (plan,) = plan["Plans"]
    pages = plan.get("Exact Heap Blocks", 0) + plan.get("Lossy Heap Blocks", 0)
    return Run(pages, explained[0]["Execution Time"])


def needed(conn: Connection[Any], bench: Bench, width: str) -> int:
    """The fewest pages that hold the window's rows."""
    (pages,) = one(
        conn,
        f"select count(distinct (ctid::text::point)[0]) from {bench.name}"
        f" where {WINDOW.format(bench.column)}",
        {"width": width},
    )
    return int(pages)


def cell(runs: Sequence[Run], fewest: int) -> str:
    times = [each.milliseconds for each in runs]
    pages = runs[0].pages
    spread = f"{min(times):.1f}–{max(times):.1f}"
    return f"{pages:,}, {pages / fewest:.1f}, {statistics.median(times):.1f} ({spread})"


def size(conn: Connection[Any], relation: str) -> int:
    return int(one(conn, "select pg_relation_size(%s::regclass)", [relation])[0])


def one(conn: Connection[Any], statement: str, values: Any) -> Any:
    return conn.execute(statement, values).fetchone()


if __name__ == "__main__":
    main()
