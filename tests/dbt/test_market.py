"""What is made of bars and quotes is the same whichever way these came, and is found by index."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from psycopg import Connection, connect, sql

from tests.dbt.test_rollups import differences
from warehouse.access import BUILD, MAINTAIN
from warehouse.db.target import Target
from warehouse.models import Base
from warehouse.partitions import ensure
from warehouse.refresh.build import run_dbt
from warehouse.refresh.runs import refresh

MODELS = ("+bars_1h", "+bars_1w", "+screener", "+option_chain_latest", "+option_volume")
PARTITIONED = ("market.bars", "market.option_chains", "market.option_quotes")
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
UNTIL = (7, 8, 35)  # days from the start
LAST = UNTIL[-1]
# A share, an instrument without an exchange, and one whose sessions begin the day before and are known for a while.
WORLD = """
update reference.instruments set exchange = 'XNYS' where instrument_id = 1;
update reference.instruments set exchange = 'CMES' where instrument_id = 3;
insert into reference.trading_days (exchange, day, opens_at, closes_at)
select e, d, d + opening, d + closing
from
    (
        values
        ('XNYS', interval '14 hours 30 minutes', interval '21 hours', timestamptz '2026-02-28 00:00+00'),
        ('CMES', interval '-12 hours', interval '12 hours', timestamptz '2026-01-15 00:00+00')
    ) as x (e, opening, closing, until),
    generate_series(timestamptz '2026-01-01 00:00+00', x.until, '1 day') as d
where e = 'CMES' or extract(isodow from d) < 6;
insert into market.option_contracts (
    underlying_id, osi_symbol, put_call, strike, expiration_date, option_root
)
select
    i, rpad('R' || i, 6) || to_char(d, 'YYMMDD') || left(upper(p), 1) || '00100000', p, 100, d, 'R' || i
from
    generate_series(1, 2) as i, unnest('{put,call}'::text[]) as p,
    unnest('{2026-01-16,2026-02-20}'::date[]) as d;
"""
# One statement a fact; what is there already is restated.
BAR = """
insert into market.bars (
    instrument_id, frequency, bar_at, source_id, open, high, low, close, volume, is_empty
) values (
    %(i)s, %(frequency)s, %(at)s, %(source)s, %(open)s, %(high)s, %(low)s, %(close)s, %(volume)s,
    %(open)s::numeric is null
)
on conflict (instrument_id, frequency, bar_at, source_id) do update
set
    open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
    volume = excluded.volume, is_empty = excluded.is_empty
"""
MARK = """
insert into reference.daily_marks (instrument_id, day, source_id, close, adjusted_close)
values (%(i)s, %(at)s::timestamptz, %(source)s, %(close)s, %(close)s::numeric / 2)
on conflict (instrument_id, day, source_id) do update set adjusted_close = excluded.adjusted_close
"""
QUOTES = """
insert into market.option_quotes (
    option_contract_id, snapshot_at, source_id, expiration_date, mark, total_volume, open_interest
)
select option_contract_id, %(at)s, %(source)s, expiration_date, %(close)s, %(volume)s, 5
from market.option_contracts
where underlying_id = %(i)s and put_call = any(%(kinds)s) and expiration_date >= %(at)s::timestamptz::date
on conflict (option_contract_id, snapshot_at, source_id) do update set total_volume = excluded.total_volume
"""
CHAIN = """
insert into market.option_chains (
    underlying_id, expiration_date, snapshot_at, source_id, underlying_price
) values (%(i)s, '2026-02-20', %(at)s, %(source)s, %(close)s)
on conflict (underlying_id, expiration_date, snapshot_at, source_id) do nothing
"""
# What the calendar learns of a future's sessions when they are over.
SESSIONS = """
insert into reference.trading_days (exchange, day, opens_at, closes_at)
select 'CMES', d, d - interval '12 hours', d + interval '12 hours'
from generate_series(timestamptz '2026-01-16 00:00+00', '2026-02-28 00:00+00', '1 day') as d
"""
DELETE = """
delete from {} as r where {} >= %(at)s and {} < %(at)s + interval '1 day'
"""


def write(conn: Connection[Any], draw: np.random.Generator, newest: int) -> None:
    """What comes on the day with that number: most of it of that day, later some of it of days before."""
    # The better source comes late, and with other days than the one before it had.
    best = 1 if newest == LAST else 2
    for _ in range(60):
        conn.execute(BAR, bar(draw, newest, best, "1m"))
    for _ in range(6):
        conn.execute(BAR, day := bar(draw, newest, best, "1d"))
        conn.execute(MARK, day | {"close": day["close"] or 1})
    for _ in range(6):
        quote = bar(draw, newest, best, "") | {
            "kinds": [["put"], ["put", "call"]][draw.integers(2)]
        }
        conn.execute(CHAIN, quote)
        conn.execute(QUOTES, quote)
    if newest == LAST:
        conn.execute(SESSIONS)
        remove(conn, START + timedelta(days=newest))


def bar(draw: np.random.Generator, newest: int, best: int, frequency: str) -> dict[str, Any]:
    """Within an hour and a half of the opening; a tenth of the bars are empty."""
    # At first day comes after day, for one late row makes the scope wide.
    is_late = newest > UNTIL[0] and draw.random() < 0.1
    day = int(draw.integers(0, newest + 1)) if is_late else newest
    at = START + timedelta(days=day, hours=14)
    low, opened, close, high = (round(x, 2) for x in sorted(draw.uniform(1, 300, 4)))
    prices = (opened, high, low, close) if draw.random() < 0.9 else (None,) * 4
    return {
        "i": int(draw.integers(1, 4)),
        "frequency": frequency,
        "at": at if frequency == "1d" else at + timedelta(minutes=int(draw.integers(90))),
        "source": best if draw.random() < 0.9 else 2,
        **dict(zip(("open", "high", "low", "close"), prices, strict=True)),
        "volume": int(draw.integers(100)),
    }


def remove(conn: Connection[Any], day: datetime) -> None:
    """Maintenance takes a day back."""
    with conn.transaction():
        conn.execute(sql.SQL("set local role {}").format(sql.Identifier(MAINTAIN)))
        for table, time in (("bars", "bar_at"), ("option_quotes", "snapshot_at")):
            column = sql.Identifier(time)
            statement = sql.SQL(DELETE).format(sql.Identifier("market", table), column, column)
            conn.execute(statement, {"at": day})


@pytest.fixture
def market(desk: Target) -> Iterator[Connection[Any]]:
    with connect(**desk.keywords(options="-c timezone=UTC"), autocommit=True) as conn:
        for name in PARTITIONED:
            ensure(conn, Base.metadata.tables[name], START, END)
        conn.execute(WORLD)
        yield conn


@pytest.mark.slow
def test_refreshed_bit_by_bit_they_equal_a_run_over_everything(
    desk: Target, market: Connection[Any], project: Path
) -> None:
    draw = np.random.default_rng(7)
    write(market, draw, 5)
    run_dbt(desk, ["run", "--target", "prod", "--select", *MODELS], project)
    for newest in UNTIL:
        write(market, draw, newest)
        with connect(**desk.keywords(options=f"-c role={BUILD}"), autocommit=True) as conn:
            assert refresh(conn).failed == []
        assert differences(desk) == []
    for relation in ("bars_1h", "bars_1w", "latest_bar", "latest_option_quote"):
        assert market.execute(f"select from rollups.{relation}").rowcount > 1
    assert_found_by_index(market)


def assert_found_by_index(conn: Connection[Any]) -> None:
    """With tables so small the planner has to be told to look for an index at all."""
    conn.execute("set enable_seqscan = off")
    for column in filters(conn):
        asked = (
            f"select * from marts.screener where {column} > (select min({column}) from marts.screener)"
            f" order by {column}, instrument_id limit 50"
        )
        assert f"screener_{column}_instrument_id_idx" in plan(conn, asked)
    scan = "select * from marts.option_chain_latest where days_to_expiration between 9 and 40 and delta > 0"
    assert "Index Cond: ((days_to_expiration >= 9)" in plan(conn, scan)
    for rollup, fact in (
        ("latest_bar", "bars_p"),
        ("latest_option_quote", "option_quotes_daily_p"),
    ):
        [(scoped,)] = conn.execute(
            "select ops.scoped_query(%s::regclass, '-infinity', 'infinity', '{1}')",
            [f"rollups.{rollup}__logic"],
        ).fetchall()
        assert f"Seq Scan on {fact}" not in plan(conn, scoped)


def filters(conn: Connection[Any]) -> list[str]:
    """Every column of the screener but what it is called by and when it was told of."""
    rows = conn.execute(
        "select attname::text from pg_attribute where attrelid = 'marts.screener'::regclass and attnum > 0"
        " and attname <> all('{instrument_id,symbol,company_name,is_active,bar_day,as_of}')"
    ).fetchall()
    assert len(rows) > 50
    return [name for (name,) in rows]


def plan(conn: Connection[Any], statement: str) -> str:
    return "\n".join(line for (line,) in conn.execute(f"explain {statement}".encode()))
