"""What was made of raw data that has gone stays as it is, whatever is written or recomputed later."""

import pytest

from tests.refresh.conftest import Desk, at
from warehouse.sql import query

KEPT = "select account_id, instrument_id, day, net_quantity from rolled.flows where day < '2026-02-01' order by 1, 3"


@pytest.fixture
def retired(desk: Desk) -> Desk:
    """January's trades are gone, and the floors of what stands on them were moved."""
    for account in (1, 2):
        for day in ("01-05", "01-31", "02-01", "03-05"):
            desk.trade(account, at(day), 5)
    assert desk.differences() == {}
    desk.conn.execute("alter table trading.trades detach partition trading.trades_p20260101")
    desk.conn.execute(
        query("partitions/raise_floors"),
        {"parent": "trading.trades", "floor": at("02-01", "00:00")},
    )
    return desk


def test_only_those_that_read_what_has_gone_get_a_floor(retired: Desk) -> None:
    assert retired.rows(
        "select relation from ops.rollups where source_floor is not null order by 1"
    ) == [
        ("rolled.flows",),
        ("rolled.newest",),
    ]


@pytest.mark.parametrize("written", ["everything", "below", "across"])
def test_history_is_never_computed_from_what_has_gone(retired: Desk, written: str) -> None:
    before = retired.rows(KEPT)
    assert len(before) == 4
    start, end = {
        "everything": (None, None),
        "below": (at("01-01"), at("01-20")),
        "across": (at("01-20"), at("02-10")),
    }[written]
    retired.trade(1, at("02-01"), 7)
    retired.conn.execute(
        "select audit.record_event('trading', 'trades', 'insert', 1, %s, %s)", [start, end]
    )
    retired.refresh()
    assert retired.rows(KEPT) == before
    assert retired.rows("select sum(net_quantity) from rolled.flows where day = '2026-02-01'") == [
        (17,)
    ]
    assert retired.differences() == {}
    assert retired.rows("select sum(trades) from rolled.totals where month = '2026-01-01'") == [
        (4,)
    ]


def test_a_changed_definition_begins_at_the_floor(retired: Desk) -> None:
    before = retired.rows(KEPT)
    [(logic,)] = retired.rows("select pg_get_viewdef('rolled.flows_logic'::regclass)")
    doubled = logic.replace("count(*) AS trades", "2 * count(*) AS trades")
    retired.builder.execute(f"create or replace view rolled.flows_logic as {doubled}".encode())
    retired.refresh()
    assert retired.rows(KEPT) == before
    assert retired.rows(
        "select day < '2026-02-01', sum(trades) from rolled.flows group by 1 order by 1"
    ) == [(False, 8), (True, 4)]
    assert retired.differences() == {}


def test_a_key_whose_rows_have_all_gone_keeps_its_newest(retired: Desk) -> None:
    retired.trade(3, at("02-02"), 1, instrument=2)
    retired.builder.execute("select ops.refresh_rollup('rolled.newest', whole => true)")
    assert retired.rows("select instrument_id from rolled.newest order by 1") == [(1,), (2,)]


def test_a_bucket_that_is_there_in_part_is_frozen_whole(retired: Desk) -> None:
    retired.conn.execute(
        "update ops.rollups set source_floor = '2026-03-05 00:00+00' where relation = 'rolled.totals'"
    )
    assert retired.rows(
        "select ops.first_whole_bucket(r) from ops.rollups r where relation = 'rolled.totals'"
    ) == [(at("04-01", "00:00"),)]
