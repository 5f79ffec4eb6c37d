"""The numbers' models are the same whichever way their facts came: at once, day by day, late, corrected."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from psycopg import Connection, connect

from tests.dbt.orders import write_orders
from tests.dbt.shortfall import costs
from tests.dbt.test_rollups import differences
from warehouse.access import BUILD
from warehouse.db import keys
from warehouse.db.target import Target
from warehouse.models import Base
from warehouse.partitions import ensure
from warehouse.refresh.build import run_dbt
from warehouse.refresh.runs import refresh

MODELS = (
    "+technical_indicators_latest",
    "+strategy_performance",
    "+portfolio_risk",
    "+portfolio_exposure",
    "+execution_quality",
    "+audit_summary",
)
PARTITIONED = (
    "market.bars",
    "portfolio.cash_flows",
    "trading.trades",
    "trading.transactions",
    "trading.transaction_items",
)
IDENTITIES = (Path(__file__).parent / "identities.sql").read_text()
COSTS = """
select account_id, instrument_id, sum(arrival_cost), sum(market_cost), sum(missed_cost)
from marts.execution_quality group by account_id, instrument_id
"""
REPORTED = """
select * from api.portfolio_realized_pnl(
    (select min(api_key_id) from ops.api_keys), 1, null, %(from)s, %(to)s, %(account)s, %(instrument)s, 2
)
"""
ADDED_UP = """
select
    account_hash, instrument_id, currency, count(*), sum(closed_quantity), sum(fifo_pnl), sum(average_pnl),
    sum(charges), max(executed_at)
from rollups.realized_pnl join reference.accounts using (account_id)
where
    closed_quantity > 0
    and executed_at >= coalesce(%(from)s::timestamptz, '-infinity')
    and executed_at < coalesce(%(to)s::timestamptz, 'infinity')
group by account_hash, instrument_id, currency order by account_hash, instrument_id
"""
# As every load leaves them; a trade written here by itself books nothing.
POSITIONS = """
insert into trading.positions (account_id, instrument_id, quantity)
select distinct account_id, instrument_id, 0 from trading.trades on conflict do nothing
"""
# Into a third month: a rollup that begins from its own rows then reads several partitions of itself.
NEWEST = (20, 40, 60, 75)
BETTER_FROM = 40
WORLD = """
insert into reference.strategies (name) values ('trend');
update reference.instruments set exchange = 'XNYS' where instrument_id = 1;
insert into reference.trading_days (exchange, day, opens_at, closes_at)
select 'XNYS', d, d + interval '14 hours 30 minutes', d + interval '21 hours'
from generate_series(timestamptz '2026-01-01 00:00+00', '2026-03-31 00:00+00', '1 day') as d
where extract(isodow from d) < 6;
insert into portfolio.portfolios (principal_id, name, base_currency, benchmark_instrument_id)
values (1, 'All', 'USD', 1);
insert into portfolio.portfolio_accounts (portfolio_id, account_id) values (1, 1), (1, 2);
"""
PRINCIPAL = (
    "insert into reference.principals (login, principal_type, display_name)"
    " values ('me', 'person', 'Me')"
)
# One statement a fact; days count from the start of 2026.
TRADE = """
insert into trading.trades (
    account_id, executed_at, instrument_id, strategy_id, side, quantity, price, commission, source_id
) values (%s, %s, %s, %s, %s, %s, %s, 0.5, 1)
"""
BUST = """
insert into trading.trades (
    account_id, executed_at, kind, replaces_executed_at, replaces_trade_id,
    instrument_id, side, quantity, price, source_id
)
select account_id, executed_at, 'bust', executed_at, trade_id, instrument_id, side, quantity, price, 1
from trading.effective_trades order by md5(trade_id::text || %s) limit 1
"""
BAR = """
insert into market.bars (
    instrument_id, frequency, bar_at, source_id, open, high, low, close, volume
) values (%(i)s, '1d', %(at)s, %(source)s, %(close)s, %(close)s, %(close)s, %(close)s, %(volume)s)
on conflict (instrument_id, frequency, bar_at, source_id) do update
set open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close
"""
MARK = """
insert into reference.daily_marks (instrument_id, day, source_id, close, adjusted_close)
values (%(i)s, %(at)s::timestamptz, %(source)s, %(close)s, %(close)s / 2)
on conflict (instrument_id, day, source_id) do update
set close = excluded.close, adjusted_close = excluded.adjusted_close
"""
# Both fall on days that were traded on, and are told of days later.
SPLITS = """
insert into market.corporate_actions (instrument_id, effective_day, kind, source_id, ratio) values
(1, '2026-01-26', 'split', 2, 3), (2, '2026-02-04', 'split', 1, 0.5), (1, '2026-03-01', 'split', 2, 4)
"""
FLOW = """
insert into portfolio.cash_flows (account_id, flow_at, kind, amount, currency, source_id)
values (%s, %s, case when %s > 0 then 'deposit' else 'withdrawal' end, %s, %s, 1)
"""
RATE = """
insert into reference.fx_rates (base_currency, quote_currency, day, source_id, rate)
values ('EUR', 'USD', %s::timestamptz, %s, %s)
on conflict (base_currency, quote_currency, day, source_id) do update set rate = excluded.rate
"""


def moment(draw: np.random.Generator, newest: int) -> datetime:
    """Mostly on the newest day, at times long before."""
    day = newest if draw.random() < 0.7 else int(draw.integers(0, newest + 1))
    return datetime.fromordinal(datetime(2026, 1, 1).toordinal() + day).replace(
        hour=int(draw.integers(0, 24)), minute=int(draw.integers(0, 60)), tzinfo=UTC
    )


def source_of(newest: int) -> int:
    """The second at first; then the first, which is the better, tells of old days and new."""
    return 2 if newest < BETTER_FROM else 1


def by_source(instrument: int, newest: int) -> dict[str, int]:
    return {"i": instrument, "source": 1 if instrument == 1 else source_of(newest)}


def write(conn: Connection[Any], draw: np.random.Generator, newest: int) -> None:
    """What a few days bring, to the day with that number."""

    def pick(*values: Any) -> Any:
        return values[int(draw.integers(len(values)))]

    def amount() -> float:
        return round(float(draw.uniform(1, 300)), 2)

    for _ in range(8):
        at, what = moment(draw, newest), (pick(1, 2), pick(1, 2, 3), pick(1, None))
        conn.execute(TRADE, [what[0], at, *what[1:], pick("buy", "sell"), amount(), amount()])
    for _ in range(20):
        at = moment(draw, newest).replace(hour=pick(5, 14), minute=0)
        bar = {"at": at, "close": amount(), "volume": int(amount())}
        conn.execute(BAR, bar | by_source(pick(1, 2, 3), newest))
        conn.execute(MARK, bar | by_source(pick(1, 2), newest))
    money = pick(1_000, 2_500, -400)
    conn.execute(FLOW, [pick(1, 2), moment(draw, newest), money, money, pick("USD", "EUR")])
    conn.execute(RATE, [moment(draw, newest), source_of(newest), amount() / 100])
    if newest == BETTER_FROM:
        conn.execute(SPLITS)
    if draw.random() < 0.5:
        conn.execute(BUST, [str(newest)])
    write_orders(conn, draw, lambda: moment(draw, newest))


def assert_windows_add_up(conn: Connection[Any], newest: int) -> None:
    """The report, a difference of running totals, tells of any window what its closings come to."""
    draw = np.random.default_rng(newest)
    moments = [None, *(moment(draw, newest) for _ in range(4))]
    moments += [at for (at,) in conn.execute("select min(executed_at) from rollups.realized_pnl")]
    for start in moments:
        for end in moments:
            window = {"from": start, "to": end, "account": None, "instrument": None}
            told = page = conn.execute(REPORTED, window).fetchall()
            while len(page) == 2:
                window |= {"account": page[-1][0], "instrument": page[-1][1]}
                told += (page := conn.execute(REPORTED, window).fetchall())
            assert told == conn.execute(ADDED_UP, window).fetchall(), window


@pytest.fixture
def world(desk: Target) -> Iterator[Connection[Any]]:
    with connect(**desk.keywords(), autocommit=True) as conn:
        for name in PARTITIONED:
            table = Base.metadata.tables[name]
            ensure(conn, table, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
        conn.execute(PRINCIPAL)
        conn.execute(WORLD)
        keys.create(conn, keys.Terms("numbers", ["read"]), keys.Grants(everything=True))
        for account in (1, 2):  # enough that losses leave something to earn with
            conn.execute(FLOW, [account, "2026-01-02 10:00+00", 10**7, 10**7, "USD"])
        yield conn


@pytest.mark.slow
def test_refreshed_bit_by_bit_they_equal_a_run_over_everything(
    desk: Target, world: Connection[Any], project: Path
) -> None:
    draw = np.random.default_rng(9)
    write(world, draw, 10)
    run_dbt(desk, ["run", "--target", "prod", "--select", *MODELS], project)
    for newest in NEWEST:
        write(world, draw, newest)
        with connect(**desk.keywords(options=f"-c role={BUILD}"), autocommit=True) as conn:
            assert refresh(conn).failed == []
        assert differences(desk) == []
        world.execute(POSITIONS)
        assert_windows_add_up(world, newest)
    [(valued, returned, lots)] = world.execute(
        "select (select count(*) from rollups.portfolio_value_daily),"
        " (select return_count from marts.portfolio_risk),"
        " (select count(*) from rollups.realized_pnl where closed_quantity > 0)"
    ).fetchall()
    assert min(valued, returned, lots) > 10
    apart = {name: abs(value) for name, value in world.execute(IDENTITIES).fetchall()}
    assert len(apart) == 8
    assert max(apart.values()) < 1e-4, apart  # average prices are rounded to ten decimals
    judged = {(account, instrument): told for account, instrument, *told in world.execute(COSTS)}
    for key, expected in costs(world).items():
        assert judged[key] == pytest.approx(expected, abs=Decimal("1e-6"))
