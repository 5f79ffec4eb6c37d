"""A backfill ends like the slow way: the same rows, audit and accounting."""

from typing import Any

import pytest

from tests.ingest.conftest import Desk, bars, trades
from warehouse.ingest import backfill, lines
from warehouse.models.ops import IngestMode

TRADES = trades(
    *(
        f"acc-{1 + n % 2},x{n},2026-0{1 + n % 3}-05T14:{n // 60:02}:{n % 60:02}Z,,,ABC,buy,{n % 7},1.50"
        for n in range(300)
    )
)
STORED = """
select t.account_id, executed_at, instrument_id, side, quantity::text, price::text, external_id
from trading.trades as t
left join trading.external_ids as e on target_id = trade_id and occurred_at = executed_at
order by external_id
"""
TOLD = """
select table_name, operation, sum(row_count), min(time_from), max(time_to) from audit.events
where batch_id is not null and operation = 'insert' and table_name <> 'positions' group by 1, 2 order by 1
"""
COUNTED = "select state, read_count, loaded_count, duplicate_count, rejected_count from ops.ingest_batches"
PARTS = """
select c.relname, count(i.indexrelid), bool_and(i.indisvalid),
    (select count(*) from pg_constraint k where k.conrelid = c.oid and k.contype = 'f' and k.convalidated),
    (select count(*) from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal)
from pg_inherits h join pg_class c on c.oid = h.inhrelid left join pg_index i on i.indrelid = c.oid
where h.inhparent = 'trading.trades'::regclass group by c.oid, 1 order by 1
"""
POSITIONS = "select account_id, instrument_id, quantity, average_price, last_trade_at from trading.positions"


def seen(desk: Desk) -> list[list[tuple[Any, ...]]]:
    questions = (STORED, TOLD, COUNTED, PARTS, POSITIONS + " order by 1, 2")
    return [desk.all(question) for question in questions]


def clear(desk: Desk) -> None:
    """Back to before the load, as only the owner can."""
    for (name,) in desk.all(
        "select inhrelid::regclass::text from pg_inherits where inhparent = 'trading.trades'::regclass"
    ):
        desk.conn.execute(f"alter table trading.trades detach partition {name}; drop table {name}")
    with desk.conn.transaction():
        desk.conn.execute("set local session_replication_role = replica")
        desk.conn.execute("set local role warehouse_maintain")
        desk.conn.execute("delete from trading.external_ids; delete from trading.positions")
        desk.conn.execute("delete from ops.ingest_rejects; delete from ops.ingest_batches")


def test_a_backfill_ends_like_the_slow_way(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "BLOCK", 4_000)
    slow = desk.load("trades", TRADES)
    expected = seen(desk)
    since = desk.one("select max(event_id) from audit.events")
    clear(desk)
    quick = desk.load("trades", desk.file(TRADES, "other.csv"), backfill=True)
    assert quick.tally == slow.tally
    found = seen(desk)
    assert found[0] == expected[0]
    assert found[2:] == expected[2:]
    told = desk.all(
        TOLD.replace("batch_id is not null", f"batch_id is not null and event_id > {since}")
    )
    assert told == expected[1]
    assert desk.one("select is_backfill from ops.ingest_batches")


def test_rows_that_only_the_table_can_judge_are_loaded_the_slow_way(desk: Desk) -> None:
    row = "ABC,1d,2026-01-05T00:00:00Z,10,{high},9,11,5"
    content = bars(
        row.format(high=12), row.format(high=13), row.format(high=1).replace("05T", "06T")
    )
    tally = desk.load("bars", content, backfill=True, mode=IngestMode.IGNORE).tally
    assert (tally.read, tally.loaded, tally.duplicate, tally.rejected) == (3, 1, 1, 1)
    assert not desk.one("select is_backfill from ops.ingest_batches")


def test_rows_of_a_partition_that_stands_go_into_it(desk: Desk) -> None:
    row = "ABC,1d,2026-0{month}-0{day}T00:00:00Z,10,12,9,11,5"
    desk.load("bars", bars(row.format(month=1, day=5)))
    content = bars(row.format(month=1, day=6), row.format(month=2, day=6))
    assert desk.load("bars", content, backfill=True).tally.loaded == 2
    names = desk.all("select distinct tableoid::regclass::text from market.bars order by 1")
    assert names == [("market.bars_p20260101",), ("market.bars_p20260201",)]


def test_readers_are_not_held_up_while_it_is_attached(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = backfill.Backfill.finish

    def read_meanwhile(self: Any, batch_id: int) -> None:
        really(self, batch_id)
        with desk.connect() as other:
            other.execute("set lock_timeout = '100ms'")
            for table in ("trading.trades", "reference.instruments", "reference.accounts"):
                other.execute(f"select count(*) from {table}")

    monkeypatch.setattr(backfill.Backfill, "finish", read_meanwhile)
    assert desk.load("trades", TRADES, backfill=True).tally.loaded > 0


def test_a_login_without_the_rights_is_told(desk: Desk) -> None:
    from warehouse.errors import WarehouseError

    with pytest.raises(WarehouseError, match="cannot be backfilled"):
        desk.load(
            "fx-rates",
            "base_currency,quote_currency,day,rate\nUSD,EUR,2026-01-05,0.9\n",
            backfill=True,
        )
