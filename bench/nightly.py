"""What small reads wait for while the night's work is done, beside an idle server.

`python -m bench.nightly [--scale small|large]`. Demo data with its marts. Two clients ask the API for
accounts' summaries; in every second round files of trades are loaded meanwhile, one after the other, and
the nightly run computes what they touch. Each of the two is a process of its own, and all of it, the
clients too, is on the same machine. The same is asked of the bare driver (bench/api_baseline.py), which
only reads: what it waits longer by night is no matter of the API.
"""

import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from datetime import datetime
from functools import partial
from itertools import count
from typing import Any, NamedTuple

from bench import market
from bench.api import key_of_all
from bench.clients import API, Served, ask, served
from bench.demo import demo
from bench.measure import Bench, Result, at_most, run, seconds
from warehouse.cli.nightly import RISK
from warehouse.cli.refresh import connection
from warehouse.db.target import Target
from warehouse.refresh.moment import refresh_at_one_moment
from warehouse.refresh.runs import refresh

ROUNDS, CLIENTS = 5, 2
SLOWER_TARGET = 3
NAME, AGAINST = "99th percentile of small reads by night", "idle"
DRIVER = (sys.executable, "-m", "bench.api_baseline", "driver", "{port}")
SOURCE = "insert into reference.sources (name, priority) values ('bench', 100)"
# Whom and what a broker's file names, and one of the newest days: a load takes the next to its end.
WORLD = """
select
    (select array_agg(a.account_hash order by a.account_id) from reference.accounts as a),
    (
        select array_agg(i.symbol order by i.instrument_id) from reference.instruments as i
        where i.asset_type = 'equity' and i.is_active
    ),
    (select date_trunc('day', max(t.executed_at)) - interval '2 days' from trading.trades as t)
"""


class World(NamedTuple):
    """What there is to trade, and when."""

    accounts: Sequence[str]
    symbols: Sequence[str]
    day: datetime


class Work(NamedTuple):
    """How often it was done until the end, and how long the longest took."""

    times: int
    seconds: float


def measure(bench: Bench) -> Iterator[Result]:
    length, rows = bench.pick((3.0, 5_000), (60.0, 200_000))
    with bench.database(demo) as target:
        key = key_of_all(target)
        with market.opened(target) as conn:
            conn.execute(SOURCE)
            row = conn.execute(WORLD).fetchone()
        assert row
        world = World(*row)
        spawn = multiprocessing.get_context("spawn")
        with (
            served(API) as api,
            served(DRIVER) as driver,
            ProcessPoolExecutor(2, mp_context=spawn) as pool,
        ):
            paths = [f"/v1/accounts/{account}/summary" for account in world.accounts]
            night = Night(pool, target, world, rows)

            def late(asked: Served, end: float) -> float:
                answers = ask(asked.port, paths, key, CLIENTS, end - time.time())
                assert not answers.errors, answers.errors[0]
                return 1000 * answers.percentile(0.99)

            found = bench.turns(
                {
                    "idle": lambda: late(api, time.time() + length),
                    "night": lambda: night.beside(partial(late, api), length),
                    "driver, idle": lambda: late(driver, time.time() + length),
                    "driver, night": lambda: night.beside(partial(late, driver), length),
                },
                ROUNDS,
                warm=1,
            )
    idle, by_night, bare_idle, bare_night = found.values()
    note = f"{CLIENTS} clients; in the last round {night.told}"
    yield Result(NAME, "ms", by_night, idle, AGAINST, at_most(SLOWER_TARGET), note=note)
    yield Result(f"{NAME}, of the bare driver", "ms", bare_night, bare_idle, AGAINST)


class Night:
    """Loads and nightly runs for the time of a round."""

    def __init__(self, pool: Executor, target: Target, world: World, rows: int) -> None:
        self.told = ""
        self._pool, self._target, self._world, self._rows = pool, target, world, rows
        self._rounds = count()

    def beside(self, work: Callable[[float], float], length: float) -> float:
        end = time.time() + length
        arguments = self._target, self._world, self._rows, next(self._rounds)
        jobs = self._pool.submit(_load, end, *arguments), self._pool.submit(_nightly, end)
        found = work(end)
        loads, nights = (job.result() for job in jobs)
        self.told = (
            f"loads of {self._rows:,} trades: {loads.times}, nightly runs: {nights.times}, the"
            f" longest of {nights.seconds:.1f} s"
        )
        return found


def _load(end: float, target: Target, world: World, rows: int, number: int) -> Work:
    # A second later each, for what was loaded once is not loaded again.
    starts = (world.day + (number * 1000 + n) * market.SECOND for n in count())

    def load() -> None:
        with market.file(rows, next(starts), world.accounts, world.symbols) as path:
            assert market.load(target, path) == rows

    return _repeated(load, end)


def _nightly(end: float) -> Work:
    """As `warehouse nightly` does."""
    with connection() as conn:

        def night() -> None:
            failed = refresh_at_one_moment(conn, RISK).failed + refresh(conn).failed
            assert not failed, failed

        return _repeated(night, end)


def _repeated(work: Callable[[], Any], end: float) -> Work:
    took: list[float] = []
    while not took or time.time() < end:
        took.append(seconds(work))
    return Work(len(took), max(took))


if __name__ == "__main__":
    run(measure)
