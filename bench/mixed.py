"""Readers and writers at once, for a set time: nothing fails, nothing is missing, reading stays quick.

`python -m bench.mixed [--scale small|large]`. Readers ask reports; writers book single fills and load
files. Readers alone and readers beside writers take turns. At the end every commit is counted, and the
rows are reconciled with the audit events.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from psycopg import Connection
from psycopg import Error as DriverError

from bench import market
from bench.measure import Bench, Result, at_most, run
from warehouse.audit.reconcile import Discrepancy, reconcile
from warehouse.db import keys
from warehouse.db.engines import async_dispose
from warehouse.db.target import Target
from warehouse.errors import WarehouseError
from warehouse.ingest.booking import Fill, book
from warehouse.models.trading import Side
from warehouse.partitions.apply import apply_ahead

ROUNDS, READERS = 5, 4
SLOWER_TARGET = 3
REPORTS = (
    "select * from api.account_trades(1, 'a' || %(account)s, page_size => 100)",
    (
        "select * from market.bars where instrument_id = %(instrument)s and frequency = '1m'"
        " and bar_at >= '2025-01-02' and bar_at < '2025-01-03' order by bar_at"
    ),
    "select instrument_id, quantity from trading.positions where account_id = %(account)s",
)


@dataclass
class Tally:
    """What readers and writers did, and what went wrong."""

    latencies: list[float] = field(default_factory=list)
    booked: int = 0
    loaded: int = 0
    errors: list[str] = field(default_factory=list)


def measure(bench: Bench) -> Iterator[Result]:
    with bench.database() as target, market.opened(target) as conn:
        bench.tell("load")
        before = bench.pick(100_000, 5_000_000)
        _fill(conn, before)
        work = Work(target, bench.pick(2.0, 60.0), bench.pick(2_000, 50_000))
        yield bench.beside(
            "99th percentile of reading",
            "ms",
            lambda: work.phase(writing=True),
            lambda: work.phase(writing=False),
            "readers alone",
            ROUNDS,
            warm=1,
            aim=at_most(SLOWER_TARGET),
            note=f"{READERS} readers on connections of their own",
        )
        yield from _judged(conn, work.tally, before)


class Work:
    """Phases of reading, with writing beside it or not."""

    def __init__(self, target: Target, seconds: float, rows: int) -> None:
        self.tally = Tally()
        self._target, self._seconds, self._rows = target, seconds, rows
        self._days = (market.FIRST + (365 + n) * market.DAY for n in count())

    def phase(self, *, writing: bool) -> float:
        """The 99th percentile, in ms."""
        self.tally.latencies = []
        end = time.perf_counter() + self._seconds
        jobs = [self._read] * READERS + ([self._book, self._load] if writing else [])
        with ThreadPoolExecutor(len(jobs)) as pool:
            for done in [pool.submit(self._kept, job, end) for job in jobs]:
                done.result()
        found = sorted(self.tally.latencies)
        return 1000 * found[int(len(found) * 0.99)]

    def _kept(self, job: Callable[[float], None], end: float) -> None:
        try:
            job(end)
        except (DriverError, WarehouseError) as error:
            self.tally.errors.append(f"{job.__name__}: {str(error).splitlines()[0]}")

    def _read(self, end: float) -> None:
        with market.opened(self._target) as conn:
            for number in count(threading.get_ident()):
                began = time.perf_counter()
                if began > end:
                    return
                asked = {"account": 1 + number * 7 % 200, "instrument": 1 + number % 20}
                conn.execute(REPORTS[number % len(REPORTS)].encode(), asked).fetchall()
                self.tally.latencies.append(time.perf_counter() - began)

    def _book(self, end: float) -> None:
        asyncio.run(self._fills(end))

    async def _fills(self, end: float) -> None:
        while time.perf_counter() < end:
            account = 1 + self.tally.booked % market.ACCOUNTS
            await book([_fill_of(account, self.tally.booked % market.INSTRUMENTS + 1)])
            self.tally.booked += 1
        await async_dispose()

    def _load(self, end: float) -> None:
        while time.perf_counter() < end:
            with market.file(self._rows, next(self._days)) as path:
                self.tally.loaded += market.load(self._target, path)


def _fill_of(account: int, instrument: int) -> Fill:
    return Fill(
        account_id=account,
        instrument_id=instrument,
        source_id=1,
        side=Side.BUY,
        quantity=Decimal(1),
        price=Decimal("10.25"),
        executed_at=datetime.now(UTC),
    )


def _fill(conn: Connection[Any], rows: int) -> None:
    apply_ahead(conn)
    market.people(conn)
    market.trades(conn, market.FIRST, 365, rows)
    market.bars(conn, market.FIRST, 5, 20)
    with conn.transaction():
        keys.create(conn, keys.Terms("bench", ["read"]), keys.Grants(everything=True))
    conn.execute("vacuum analyze")


def _judged(conn: Connection[Any], tally: Tally, before: int) -> Iterator[Result]:
    said = f"{tally.booked:,} fills booked and {tally.loaded:,} trades loaded"
    told = f"; the first: {tally.errors[0].rstrip('.')}" if tally.errors else ""
    yield Result("errors", "errors", [len(tally.errors)], aim=at_most(0), note=said + told)
    row = conn.execute("select count(*) from trading.trades").fetchone()
    assert row
    lost = abs(row[0] - before - tally.booked - tally.loaded)
    yield Result("committed trades missing or doubled", "rows", [lost], aim=at_most(0))
    with conn.transaction():
        found = [each for each in reconcile(conn) if isinstance(each, Discrepancy)]
    yield Result("audit events missing or doubled", "findings", [len(found)], aim=at_most(0))


if __name__ == "__main__":
    run(measure)
