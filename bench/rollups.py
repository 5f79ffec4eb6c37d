"""What one new day costs a daily rollup, by how much history it has; beside what one would write by hand.

All histories end on the same day, so that the newest partitions are equally full. In each round every
history in turn gets a day of trades (not timed); then trade_flows_daily is refreshed, and the same day is
deleted and inserted in a table beside it. A late trade is timed last.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import Connection, connect

from bench.measure import Bench, Result, at_most, run, seconds
from warehouse.access import BUILD
from warehouse.models.base import Base
from warehouse.partitions import ensure
from warehouse.refresh.build import build

END = datetime(2026, 1, 15, tzinfo=UTC)
DAYS = (60, 750)
ROUNDS, WARM = 5, 1
DAY = timedelta(days=1)
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
        1 + floor(random() * 120)::bigint, %(start)s + (%(end)s - %(start)s) * (n / (%(count)s + 1.0)::float8),
        1 + floor(random() * 100)::bigint, case when random() < 0.5 then 'buy' else 'sell' end,
        1 + floor(random() * 100), 10 + round(random()::numeric, 2), 1
    from generate_series(1, %(count)s) as n
"""
TWIN = """
    create schema bench;
    create table bench.twin (like rollups.trade_flows_daily including all);
    insert into bench.twin select * from rollups.trade_flows_daily;
    vacuum analyze
"""
REFRESH = "select ops.refresh_rollup('rollups.trade_flows_daily')"
# The very query of the rollup, with the day in it.
QUERY = "select ops.scoped_query('rollups.trade_flows_daily__logic'::regclass, %s, %s, null)"


@dataclass
class History:
    """A database with trades of so many days, and what each round took, in milliseconds."""

    days: int
    trades: int
    writer: Connection[Any]
    builder: Connection[Any]
    found: dict[str, list[float]] = field(default_factory=dict)

    def take(self, name: str, work: Callable[[], Any], *, counts: bool) -> None:
        took = seconds(work) * 1000
        if counts:
            self.found.setdefault(name, []).append(took)

    def round(self, number: int) -> None:
        start, counts = END + number * DAY, number >= WARM
        self.write(start, self.trades)
        self.take("new", lambda: self.builder.execute(REFRESH), counts=counts)
        self.take("hand", lambda: self.by_hand(start), counts=counts)
        self.write(END - DAY * (self.days // 2), 1)
        self.take("late", lambda: self.builder.execute(REFRESH), counts=counts)

    def write(self, day: datetime, count: int) -> None:
        self.writer.execute(TRADES, {"start": day, "end": day + DAY, "count": count})

    def by_hand(self, day: datetime) -> None:
        row = self.writer.execute(QUERY, [day, day + DAY]).fetchone()
        assert row
        with self.writer.transaction():
            self.writer.execute("delete from bench.twin where flow_day = %s", [day.date()])
            self.writer.execute(f"insert into bench.twin {row[0]}".encode())


def measure(bench: Bench) -> Iterator[Result]:
    trades = bench.pick(1_000, 20_000)
    with ExitStack() as stack:
        histories = [_history(bench, stack, days, trades) for days in DAYS]
        for number in range(ROUNDS + WARM):
            for history in histories:
                bench.tell(f"{history.days} days, {number + 1} of {ROUNDS + WARM}")
                history.round(number)
    for history in histories:
        at = (history.days, "days of history")
        found = history.found
        yield Result(
            "a new day", "ms", found["new"], found["hand"], "by hand", at_most(1.5), at,
            note=f"{trades:,} trades",
        )  # fmt: skip
        yield Result("a late trade", "ms", found["late"], aim=at_most(8), at=at)
    first, last = histories[0], histories[-1]
    yield Result(
        f"a new day after {last.days} days", "ms", last.found["new"], first.found["new"],
        f"after {first.days}", at_most(1.15),
    )  # fmt: skip


def _history(bench: Bench, stack: ExitStack, days: int, trades: int) -> History:
    bench.tell(f"{days} days of {trades:,} trades")
    target = stack.enter_context(bench.database())
    options = "-c timezone=UTC"
    writer = stack.enter_context(connect(**target.keywords(options=options), autocommit=True))
    ensure(writer, Base.metadata.tables["trading.trades"], END - days * DAY, END + 40 * DAY)
    writer.execute(PEOPLE)
    writer.execute("set session_replication_role = replica")
    writer.execute(TRADES, {"start": END - days * DAY, "end": END, "count": days * trades})
    writer.execute("set session_replication_role = default")
    build(target, ["--select", "+trade_flows_daily"])
    for statement in TWIN.split(";"):
        writer.execute(statement)
    options = f"{options} -c role={BUILD}"
    builder = stack.enter_context(connect(**target.keywords(options=options), autocommit=True))
    return History(days, trades, writer, builder)


if __name__ == "__main__":
    run(measure)
