"""What the schema saves over the one that is written first: the same rows, the same questions.

`python -m bench.newcomer [--scale small|large]`. The other has a table for trades and one for bars,
unpartitioned, with a serial key, an index a column, no event and no check; it is written and read
through an ORM, over HTTP by a blocking driver in async routes. Of trades ours asks its reports, which
also decide who may see what.
"""

import csv
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from itertools import count, islice, pairwise
from pathlib import Path
from typing import Any, NamedTuple

from psycopg import Connection
from sqlalchemy.orm import Session

from bench import market
from bench.clients import API, ask, served
from bench.measure import Bench, Result, at_least, run, seconds
from bench.newcomer_api import Base, Trade, engine
from warehouse.db import keys
from warehouse.db.target import Target
from warehouse.models.base import Base as Ours
from warehouse.partitions import ensure
from warehouse.partitions.archive import archive
from warehouse.partitions.hand import steps_to_detach, steps_to_drop
from warehouse.partitions.lock import Patience
from warehouse.partitions.run import run_steps

ROUNDS, ASKED = 5, 20
MONTHS, DAYS = 12, 365
CLIENTS = 8  # more than its pool has connections, and the other stands still
OURS, THEIRS = ("trading.trades", "market.bars"), ("newcomer_trades", "newcomer_bars")
AGAINST = "as first written"
SERVICE = (sys.executable, "-m", "uvicorn", "bench.newcomer_api:app", "--port", "{port}")
ROOM = """
select sum(pg_total_relation_size(coalesce(p.relid, t.name::regclass))) / 2^20
from unnest(%s::text[]) as t (name)
left join lateral pg_partition_tree(t.name::regclass) as p on true
"""
# Whose, which and when, another each time; and where the ninth page of the account ended.
NAMES = ("key", "account", "instrument", "start", "end", "day", "executed_at", "trade_id")
ASKED_FOR = """
select
    (select max(api_key_id) from ops.api_keys), a.account_id, 1 + n %% 60,
    m.start, m.start + interval '1 month', timestamptz '2025-01-02' + n %% 15 * interval '1 day',
    p.executed_at, p.trade_id
from generate_series(1, %s) as g (n)
cross join lateral (select 1 + n * 7 %% 200) as a (account_id)
cross join lateral (select timestamptz '2025-01-01' + n %% 12 * interval '1 month') as m (start)
cross join lateral (
    select t.executed_at, t.trade_id from trading.trades as t
    where t.account_id = a.account_id
    order by t.executed_at desc, t.trade_id desc
    offset 899 limit 1
) as p
"""
BOTH_FILLED = """
insert into newcomer_trades (account_id, symbol, side, quantity, price, commission, executed_at)
select t.account_id, i.symbol, t.side, t.quantity, t.price, t.commission, t.executed_at
from trading.trades as t
join reference.instruments as i on i.instrument_id = t.instrument_id
order by t.executed_at;
insert into newcomer_bars (symbol, bar_at, open, high, low, close, volume)
select i.symbol, b.bar_at, b.open, b.high, b.low, b.close, b.volume
from market.bars as b
join reference.instruments as i on i.instrument_id = b.instrument_id
order by b.bar_at;
"""


class Question(NamedTuple):
    """The same by both; parameters are named in both."""

    name: str
    ours: str
    theirs: str


QUESTIONS = (
    Question(
        "a page of an account's trades of one month",
        "select * from api.account_trades(key_id => %(key)s, account => 'a' || %(account)s,"
        " from_at => %(start)s, to_at => %(end)s, page_size => 100)",
        "select * from newcomer_trades where account_id = %(account)s and executed_at >= %(start)s"
        " and executed_at < %(end)s order by executed_at desc limit 100",
    ),
    Question(
        "the tenth page of an account's trades",
        "select * from api.account_trades(key_id => %(key)s, account => 'a' || %(account)s,"
        " after_executed_at => %(executed_at)s, after_trade_id => %(trade_id)s, page_size => 100)",
        "select * from newcomer_trades where account_id = %(account)s"
        " order by executed_at desc limit 100 offset 900",
    ),
    Question(
        "a day of an instrument's minute bars",
        "select bar_at, open, high, low, close, volume from market.bars"
        " where instrument_id = %(instrument)s and frequency = '1m' and bar_at >= %(day)s"
        " and bar_at < %(day)s + interval '1 day' order by bar_at",
        "select * from newcomer_bars where symbol = 'S' || %(instrument)s and bar_at >= %(day)s"
        " and bar_at < %(day)s + interval '1 day' order by bar_at",
    ),
    Question(
        "what an account holds",
        "select instrument_id, quantity from trading.positions where account_id = %(account)s",
        "select symbol, sum(case side when 'buy' then quantity else -quantity end)"
        " from newcomer_trades where account_id = %(account)s group by symbol",
    ),
)


def measure(bench: Bench) -> Iterator[Result]:
    with bench.database() as target, market.opened(target) as conn:
        bench.tell("load")
        key = _fill(conn, bench.pick(300_000, 10_000_000), *bench.pick((20, 60), (90, 300)))
        yield _room(conn)
        for question in QUESTIONS:
            yield _asked(bench, conn, question)
        yield _over_http(bench, key.text)
        yield _loaded(bench, target, bench.pick(5_000, 200_000))
        yield _retired(bench, conn)
        engine().dispose()
        engine.cache_clear()


def _fill(conn: Connection[Any], rows: int, days: int, instruments: int) -> keys.Secret:
    """Both with the same rows; a key that sees everything."""
    market.people(conn)
    market.trades(conn, market.FIRST, DAYS, rows)
    market.bars(conn, market.FIRST, days, instruments)
    now = datetime.now(UTC)
    ensure(conn, Ours.metadata.tables["audit.access"], now, now + market.DAY)
    Base.metadata.create_all(engine())
    conn.execute(BOTH_FILLED)
    for table in OURS + THEIRS:
        conn.execute(f"vacuum analyze {table}".encode())
    with conn.transaction():
        return keys.create(conn, keys.Terms("bench", ["read"]), keys.Grants(everything=True))


def _room(conn: Connection[Any]) -> Result:
    """Rows and indexes."""
    ours, theirs = (conn.execute(ROOM, [list(each)]).fetchone() for each in (OURS, THEIRS))
    assert ours
    assert theirs
    return Result("rows and indexes", "MB", [ours[0]], [theirs[0]], AGAINST)


# -- reading ---------------------------------------------------------------------------------------


def _asked(bench: Bench, conn: Connection[Any], question: Question) -> Result:
    """Each round asks for others; the first reads catalogue and pages and does not count."""
    cells = conn.execute(ASKED_FOR, [ASKED * (ROUNDS + 1)]).fetchall()
    turns = [iter(cells), iter(cells)]

    def way(statement: str, values: Iterator[tuple[Any, ...]]) -> float:
        asked = [dict(zip(NAMES, row, strict=True)) for row in islice(values, ASKED)]
        assert len(asked) == ASKED
        return (
            1000
            / ASKED
            * seconds(lambda: [conn.execute(statement.encode(), each).fetchall() for each in asked])
        )

    ours = partial(way, question.ours, turns[0])
    theirs = partial(way, question.theirs, turns[1])
    return bench.beside(question.name, "ms", ours, theirs, AGAINST, ROUNDS, warm=1)


def _over_http(bench: Bench, key: str) -> Result:
    """A page of trades, one process each."""
    months = [f"{market.FIRST + n * 30 * market.DAY:%Y-%m-%dT00:00:00Z}" for n in range(MONTHS + 1)]
    asked = [(n % market.ACCOUNTS + 1, *months[n % MONTHS :][:2]) for n in range(1000)]
    ours = [f"/v1/accounts/a{n}/trades?from={start}&to={end}&limit=100" for n, start, end in asked]
    theirs = [f"/accounts/{n}/trades?since={start}&until={end}" for n, start, end in asked]

    def rate(port: int, paths: Sequence[str]) -> float:
        answers = ask(port, paths, key, CLIENTS, bench.pick(2.0, 20.0))
        assert not answers.errors, answers.errors[0]
        return answers.rate

    with served(API) as our_server, served(SERVICE) as their_server:
        name = f"pages of trades over HTTP, {CLIENTS} clients"
        ways = partial(rate, our_server.port, ours), partial(rate, their_server.port, theirs)
        return bench.beside(name, "answers/s", *ways, AGAINST, ROUNDS, warm=1, aim=at_least(6))


# -- writing ---------------------------------------------------------------------------------------


def _loaded(bench: Bench, target: Target, rows: int) -> Result:
    """A file of a day's trades each; ours checks, books and audits it."""
    days = (market.FIRST + (DAYS + n) * market.DAY for n in count())

    def ours() -> float:
        with market.file(rows, next(days)) as path:
            return rows / seconds(lambda: market.load(target, path))

    def theirs() -> float:
        with market.file(rows, next(days)) as path, Session(engine()) as session:
            return rows / seconds(lambda: _written(session, path))

    return bench.beside("a file of trades, loaded", "rows/s", ours, theirs, AGAINST, ROUNDS, warm=1)


def _written(session: Session, path: Path) -> None:
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            session.add(
                Trade(
                    account_id=int(row["account"][1:]),
                    executed_at=datetime.fromisoformat(row["executed_at"]),
                    symbol=row["symbol"],
                    side=row["side"],
                    quantity=Decimal(row["quantity"]),
                    price=Decimal(row["price"]),
                    commission=Decimal(row["commission"]),
                )
            )
    session.commit()


def _retired(bench: Bench, conn: Connection[Any]) -> Result:
    """The oldest month goes; ours has it in Parquet, read back, before it goes."""
    months = [datetime(2025, n, 1, tzinfo=UTC) for n in range(1, MONTHS + 1)]
    turns = [pairwise(months), pairwise(months)]

    def ours() -> float:
        start, _ = next(turns[0])
        return seconds(lambda: _put_away(conn, f"trades_p{start:%Y%m%d}"))

    def theirs() -> float:
        start, end = next(turns[1])
        return seconds(lambda: _deleted(conn, start, end))

    against = "DELETE and VACUUM"
    return bench.beside("a month of trades, retired", "s", ours, theirs, against, ROUNDS)


def _put_away(conn: Connection[Any], name: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        archive(conn, "trading.trades", name, Path(place).as_uri())
        for find in (steps_to_detach, steps_to_drop):
            outcome = run_steps(conn, find(conn, "trading.trades", name), Patience())
            assert not outcome.failed, outcome.failed


def _deleted(conn: Connection[Any], start: datetime, end: datetime) -> None:
    between = "executed_at >= %s and executed_at < %s"
    conn.execute(f"delete from newcomer_trades where {between}".encode(), [start, end])
    conn.execute("vacuum newcomer_trades")


if __name__ == "__main__":
    run(measure)
