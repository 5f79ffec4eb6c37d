"""How each cost grows with the data: the same work done again as the history gets longer.

`python -m bench.scale [--scale small|large]`. History grows by days at one pace, so that a day is as
large at every size. The ratio is to the same work at the first size,
with which it cannot take turns; of the rollup it is to a materialized view of the same query.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection, connect

from bench import market
from bench.measure import Bench, Result, run, seconds
from warehouse.access import BUILD
from warehouse.db import keys
from warehouse.db.target import Target
from warehouse.partitions.apply import apply_ahead
from warehouse.partitions.planning import make_plan
from warehouse.refresh.build import build

ROUNDS, ASKED = 3, 20
ROLLUP = "trade_flows_daily"
REFRESH, CONCURRENTLY = "the day's rollup, refreshed", "REFRESH … CONCURRENTLY"
# As one would write it with what PostgreSQL brings.
MATVIEW = f"""
create materialized view if not exists flows as select * from rollups.{ROLLUP}__logic;
create unique index if not exists flows_key on flows (account_id, instrument_id, flow_day);
"""
AS_BUILDER = f"-c role={BUILD} -c timezone=UTC"
NEWEST = "select * from api.account_trades(1, 'a' || %(account)s, page_size => 100)"
MONTH = (
    "select * from api.account_trades(1, 'a' || %(account)s, from_at => %(start)s,"
    " to_at => %(end)s, page_size => 100)"
)


def measure(bench: Bench) -> Iterator[Result]:
    per_day = bench.pick(2_000, 20_000)
    sizes = bench.pick((40_000, 120_000, 360_000), (1_000_000, 10_000_000, 50_000_000))
    with bench.database() as target, market.opened(target) as conn:
        history = History(bench, target, conn, per_day)
        first: Mapping[str, Result] = {}
        for size in sizes:
            bench.tell(f"grow to {size:,} trades")
            history.grow(size)
            found = {each.name: each for each in history.costs(size, first)}
            first = first or found
            yield from found.values()


class History:
    """Days of trades that become more, and what is done with them."""

    def __init__(self, bench: Bench, target: Target, conn: Connection[Any], per_day: int) -> None:
        self._bench, self._target, self._conn, self._per_day = bench, target, conn, per_day
        self._end = market.FIRST
        apply_ahead(conn)
        market.people(conn)
        with conn.transaction():
            keys.create(conn, keys.Terms("bench", ["read"]), keys.Grants(everything=True))

    def grow(self, size: int) -> None:
        """Until there are so many trades."""
        days = size // self._per_day - (self._end - market.FIRST).days
        market.trades(self._conn, self._end, days, days * self._per_day)
        self._end += days * market.DAY
        self._conn.execute("vacuum analyze trading.trades")
        build(self._target, ["--select", f"+{ROLLUP}"])
        self._conn.execute(MATVIEW)

    def costs(self, size: int, first: Mapping[str, Result]) -> Iterator[Result]:
        """Everything once a round, a day of trades coming in with each."""
        ways = {
            "a day's file, loaded": self._load,
            REFRESH: self._refresh,
            CONCURRENTLY: self._matview,
            "an account's newest trades": self._newest,
            "an account's trades of a month": self._month,
            "the partitions, planned": self._plan,
        }
        turns = self._bench.turns(ways, ROUNDS, warm=1)
        matview = turns.pop(CONCURRENTLY)
        for name, found in turns.items():
            base, at = first.get(name), (size, "trades")
            if name == REFRESH:
                yield Result(name, "ms", found, matview, CONCURRENTLY, at=at)
            elif base and base.at:
                against = f"at {base.at[0]:,.0f} {base.at[1]}"
                yield Result(name, "ms", found, base.ours, against, at=at)
            else:
                yield Result(name, "ms", found, at=at)

    def _load(self) -> float:
        with market.file(self._per_day, self._end) as path:
            self._end += market.DAY
            return 1000 * seconds(lambda: market.load(self._target, path))

    def _refresh(self) -> float:
        statement = "select ops.refresh_rollup(%s)"
        with connect(**self._target.keywords(options=AS_BUILDER), autocommit=True) as conn:
            return 1000 * seconds(lambda: conn.execute(statement, [f"rollups.{ROLLUP}"]))

    def _matview(self) -> float:
        statement = "refresh materialized view concurrently flows"
        return 1000 * seconds(lambda: self._conn.execute(statement))

    def _newest(self) -> float:
        return self._asked(NEWEST, [{"account": 1 + n * 7} for n in range(ASKED)])

    def _month(self) -> float:
        """Of one in the middle, so that most of the partitions have nothing of it."""
        start = market.FIRST + (self._end - market.FIRST) / 2
        month = {"start": start, "end": start + 30 * market.DAY}
        return self._asked(MONTH, [{"account": 1 + n * 7, **month} for n in range(ASKED)])

    def _plan(self) -> float:
        return 1000 * seconds(lambda: make_plan(self._conn, datetime.now(UTC)))

    def _asked(self, statement: str, values: Sequence[Mapping[str, Any]]) -> float:
        def ask() -> None:
            for each in values:
                self._conn.execute(statement.encode(), each).fetchall()

        return 1000 * seconds(ask) / len(values)


if __name__ == "__main__":
    run(measure)
