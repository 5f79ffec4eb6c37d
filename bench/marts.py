"""How long until all marts are current after a load, and how long their first full build takes.

Demo data, `small` or `large`; each round books 10,000 trades of the newest day, in the instruments that
were traded on it, and refreshes whatever that made pending.
"""

from collections.abc import Iterator
from typing import Any, LiteralString

from psycopg import Connection, connect

from bench.measure import Bench, Result, at_most, run, seconds
from warehouse.access import BUILD
from warehouse.db.target import Target
from warehouse.demo import DEFAULT_SEED, DEFAULT_UNTIL, ScaleName
from warehouse.demo.load import load
from warehouse.ingest.booking import apply_fills
from warehouse.refresh.build import build
from warehouse.refresh.runs import refresh

ROUNDS, WARM = 5, 1
COUNT: LiteralString = "select count(*) from trading.trades"
# Traded again by the same accounts at the same prices: a second execution of the newest trades.
TRADES: LiteralString = """
    insert into trading.trades (
        account_id, executed_at, instrument_id, strategy_id, side, quantity, price, source_id
    )
    select t.account_id, t.executed_at, t.instrument_id, t.strategy_id, t.side, t.quantity, t.price, t.source_id
    from (
        select n.* from trading.effective_trades as n
        where n.executed_at >= (select max(executed_at) - interval '1 day' from trading.trades)
    ) as t
    cross join generate_series(1, 200) as again (number)
    order by again.number
    limit 10000
"""


def measure(bench: Bench) -> Iterator[Result]:
    with bench.database() as target:
        options = "-c timezone=UTC"
        with connect(**target.keywords(options=options), autocommit=True) as conn:
            trades = _load(bench, conn)
            note = f"{trades:,} trades before"
            bench.tell("build")
            built = [seconds(lambda: build(target))]
            yield Result("first full build", "s", built, aim=at_most(600), note=note)
            conn.execute("vacuum analyze")
            yield Result(
                "all marts current", "s", _follow(bench, target, conn), aim=at_most(5), note=note
            )


def _load(bench: Bench, conn: Connection[Any]) -> int:
    size = bench.pick(ScaleName.SMALL, ScaleName.LARGE)
    conn.autocommit = False
    load(conn, size, DEFAULT_SEED, DEFAULT_UNTIL, lambda done: bench.tell(f"load {done.step}"))
    conn.autocommit = True
    row = conn.execute(COUNT).fetchone()
    return int(row[0]) if row else 0


def _follow(bench: Bench, target: Target, conn: Connection[Any]) -> list[float]:
    found = []
    options = f"-c timezone=UTC -c role={BUILD}"
    with connect(**target.keywords(options=options), autocommit=True) as builder:
        for number in range(ROUNDS + WARM):
            bench.tell(f"refresh, {number + 1} of {ROUNDS + WARM}")
            with conn.transaction():
                conn.execute(TRADES)
                apply_fills(conn)
            found.append(seconds(lambda: refresh(builder)))
    return found[WARM:]


if __name__ == "__main__":
    run(measure)
