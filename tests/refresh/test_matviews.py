"""A materialized view is refreshed after what it reads, without its readers noticing, when that changed."""

from typing import Any

import pytest

from tests.refresh.conftest import Desk, at
from warehouse.refresh.marts import Mart, MartError, MartKind, in_order, read_marts
from warehouse.refresh.runs import Run

MARTS = """
    create schema marts authorization warehouse_build;
    set role warehouse_build;
    create view marts.by_account__logic as
    select f.account_id, sum(f.net_quantity) as quantity from rolled.flows f group by 1;
    create materialized view marts.by_account as select * from marts.by_account__logic;
    create unique index on marts.by_account (account_id);
    create materialized view marts.accounts as select count(*) as accounts from marts.by_account;
    create unique index on marts.accounts (accounts);
    create materialized view marts.names as select instrument_id, symbol from reference.instruments;
    create unique index on marts.names (instrument_id);
    reset role;
"""


@pytest.fixture
def shown(desk: Desk) -> Desk:
    desk.trade(1, at("03-05"), 3)
    desk.conn.execute(MARTS)
    desk.refresh()
    return desk


def refreshed(desk: Desk) -> dict[str, Run]:
    return {r.relation: r for r in desk.refresh().runs if r.relation.startswith("marts.")}


def generation(desk: Desk, name: str) -> Any:
    return desk.rows("select generation from ops.generations where relation = %s", name)


def test_what_changed_below_is_shown_and_the_rest_is_left_alone(shown: Desk) -> None:
    assert refreshed(shown) == {}
    shown.trade(2, at("03-06"), 4)
    assert refreshed(shown).keys() == {"marts.by_account", "marts.accounts"}
    assert shown.rows("select * from marts.by_account order by 1") == [(1, 3), (2, 4)]
    assert shown.rows("select accounts from marts.accounts") == [(2,)]
    shown.conn.execute("update reference.instruments set symbol = 'X' where instrument_id = 1")
    assert "marts.names" in refreshed(shown)
    assert shown.differences() == {}


def test_the_same_rows_are_no_new_generation(shown: Desk) -> None:
    before = generation(shown, "marts.by_account"), generation(shown, "marts.accounts")
    shown.trade(1, at("03-06"), 4)
    found = refreshed(shown)
    assert found["marts.accounts"].event_id is None
    assert generation(shown, "marts.accounts") == before[1]
    assert (
        generation(shown, "marts.by_account")
        == [(found["marts.by_account"].event_id,)]
        != before[0]
    )


def test_newest_data_are_told_of_rollups_and_of_what_stands_on_them(shown: Desk) -> None:
    newest = (
        "select date_trunc('second', newest_data_at) from ops.generations"
        " where relation in ('rolled.flows', 'marts.by_account')"
    )
    assert shown.rows(newest) == [(at("03-05", "00:00"),)] * 2
    shown.trade(2, at("02-01"))
    shown.refresh()
    assert shown.rows(newest) == [(at("03-05", "00:00"),)] * 2
    shown.trade(2, at("04-01"))
    shown.refresh()
    assert shown.rows(newest) == [(at("04-01", "00:00"),)] * 2


def test_a_changed_view_below_is_noticed(shown: Desk) -> None:
    shown.builder.execute(
        "create or replace view marts.by_account__logic as"
        " select f.account_id, 2 * sum(f.net_quantity) as quantity from rolled.flows f group by 1"
    )
    assert "marts.by_account" in refreshed(shown)
    assert shown.rows("select * from marts.by_account") == [(1, 6)]


def test_readers_go_on(shown: Desk) -> None:
    shown.trade(1, at("03-06"), 4)
    with shown.session() as reader, reader.transaction():
        reader.execute("select from marts.by_account")
        shown.builder.execute("set lock_timeout = '5s'")
        shown.refresh()


def test_a_change_by_hand_below_it_is_found(shown: Desk) -> None:
    shown.builder.execute("delete from rolled.flows")
    found = shown.differences()
    assert (found["marts.by_account"], found["rolled.flows"]) == (1, 1)


def test_what_is_read_comes_first(shown: Desk) -> None:
    order = [mart.relation for mart in read_marts(shown.conn)]
    for first, second in (
        ("rolled.flows", "rolled.totals"),
        ("rolled.flows", "marts.by_account"),
        ("marts.by_account", "marts.accounts"),
    ):
        assert order.index(first) < order.index(second)
    assert [m.relation for m in read_marts(shown.conn, ["accounts", "flows"])] == [
        "rolled.flows",
        "marts.accounts",
    ]
    with pytest.raises(MartError, match="nothing_such: no such rollup"):
        read_marts(shown.conn, ["nothing_such"])


def test_a_circle_is_refused_by_name() -> None:
    circle = [Mart("a.b", MartKind.ROLLUP, ["a.c"]), Mart("a.c", MartKind.ROLLUP, ["a.b"])]
    with pytest.raises(MartError, match="a.b reads a.c|a.c reads a.b"):
        in_order(circle)
