"""Whether rows go straight into partitions or through their table, a load ends the same."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.conftest import cloned
from tests.ingest.conftest import WORLD, Desk, bars, trades
from warehouse.db.target import Target
from warehouse.ingest import direct, lines
from warehouse.models.ops import IngestMode
from warehouse.partitions.apply import ensure_log

MODES = [IngestMode.INSERT, IngestMode.IGNORE]
STORED = """
select t.account_id, executed_at, instrument_id, side, quantity::text, price::text, external_id
from trading.trades as t
left join trading.external_ids as e on target_id = trade_id and occurred_at = executed_at
order by 1, 2, 3, 4, 5, 6, 7
"""
HELD = """
select account_id, instrument_id, quantity, average_price, realized_pnl, last_trade_at
from trading.positions order by 1, 2
"""
BARS = """
select instrument_id, frequency, bar_at, source_id, open::text, high::text, low::text, close::text
from market.bars order by 1, 2, 3
"""
FEEDS = (
    "select instrument_id, frequency, first_at, last_at from ops.instrument_data_status order by 1"
)
TOLD = """
select table_name, sum(row_count), min(time_from), max(time_to) from audit.events
where batch_id is not null and operation = 'insert' group by batch_id, table_name order by batch_id, 1
"""
COUNTED = """
select kind, read_count, loaded_count, duplicate_count, rejected_count from ops.ingest_batches
order by batch_id
"""
REFUSED = "select batch_id, line_no, reasons from ops.ingest_rejects order by 1, 2"
# Rows whose event is not that of a load which wrote them.
STRAYS = """
select count(*) from (
    select event_id, count(*) as n from trading.trades group by 1
    union all select event_id, count(*) from market.bars group by 1
) as t left join audit.events as e using (event_id) where e.row_count is distinct from t.n
"""

minutes = st.integers(0, 90_000)  # two months of them
trade = st.tuples(
    st.sampled_from(["acc-1", "acc-2"]),
    st.one_of(st.just(""), st.integers(0, 40).map("x{}".format)),
    minutes,
    st.sampled_from(["ABC", "XYZ", "ABC", "NOPE"]),
    st.sampled_from(["buy", "sell"]),
    st.sampled_from(["1", "2.50", "0", "100"]),
    st.sampled_from(["9.99", "10", "10.123456789012"]),
)
bar = st.tuples(
    st.sampled_from(["ABC", "XYZ"]),
    st.one_of(st.integers(0, 12), minutes),
    st.sampled_from(["11,9", "11,9", "11.50,9.10", "9,11"]),
)


@pytest.fixture
def desks(server: Target, template: str, tmp_path: Path) -> Iterator[list[Desk]]:
    """The same empty warehouse, twice."""
    with ExitStack() as stack:
        found = []
        for _ in range(2):
            target = stack.enter_context(cloned(server, template))
            desk = Desk(target, tmp_path)
            stack.callback(desk.conn.close)
            ensure_log(desk.conn)
            desk.conn.execute(WORLD)
            found.append(desk)
        yield found


def moment(year: int, minute: int) -> str:
    return f"{datetime(year, 1, 1, tzinfo=UTC) + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%SZ}"


def written(year: int, told: list[Any], prices: list[Any]) -> dict[str, str]:
    """The files, of a year that has none yet."""
    rows = (
        f"{account},{external and f'{year}{external}'},{moment(year, at)},,,{','.join(more)}"
        for account, external, at, *more in told
    )
    quotes = (f"{symbol},1m,{moment(year, at)},10,{span},10.5,5" for symbol, at, span in prices)
    return {"trades": trades(*rows), "bars": bars(*quotes)}


def seen(desk: Desk) -> list[list[tuple[Any, ...]]]:
    questions = (STORED, HELD, BARS, FEEDS, TOLD, COUNTED, REFUSED)
    return [desk.all(question) for question in questions]


@pytest.mark.slow
def test_the_ways_into_a_table_end_alike(
    desks: list[Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "BLOCK", 1_000)  # some 15 rows
    monkeypatch.setattr(direct, "MANY", 1)
    years = iter(range(1990, 2020))

    @settings(max_examples=4, deadline=None, database=None, phases=[Phase.generate])
    @given(st.lists(trade, max_size=50), st.lists(bar, max_size=50), st.sampled_from(MODES))
    def load(told: list[Any], prices: list[Any], mode: IngestMode) -> None:
        for kind, content in written(next(years), told, prices).items():
            for desk, writer in zip(desks, ("loader", "triggers"), strict=True):
                monkeypatch.setenv("WAREHOUSE_AUDIT_BULK_EVENTS", writer)
                desk.load(kind, content, mode=mode)
        straight, through = map(seen, desks)
        assert straight == through
        assert [desk.one(STRAYS) for desk in desks] == [0, 0]

    load()
