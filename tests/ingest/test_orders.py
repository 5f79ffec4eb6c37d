"""Orders are restated, and take only the steps that their life allows."""

import pytest
from psycopg.errors import CheckViolation

from tests.ingest.conftest import Desk
from warehouse.models.ops import IngestMode
from warehouse.models.trading import ORDER_TRANSITIONS, OrderStatus

HEADER = "account,external_id,parent_order,symbol,session,duration,order_type,side,quantity,status,entered_at\n"


def orders(*told: tuple[str, str], parent: str = "") -> str:
    rows = (
        f"acc-1,{number},{parent},ABC,normal,day,market,buy,10,{status},2026-01-05T14:00:00Z\n"
        for number, status in told
    )
    return HEADER + "".join(rows)


def test_steps_that_cannot_be_are_rejects_that_name_them(desk: Desk) -> None:
    desk.load("orders", orders(("o1", "submitted"), ("o2", "filled"), ("o3", "working")))
    told = orders(
        ("o1", "filled"), ("o1", "working"), ("o1", "cancelled"), ("o2", "working"),
        ("o3", "partially_filled"), ("o3", "filled"), ("o4", "cancelled"),
    )  # fmt: skip
    tally = desk.load("orders", told, mode=IngestMode.UPSERT).tally
    assert (tally.read, tally.loaded, tally.duplicate, tally.rejected) == (7, 3, 1, 3)
    assert dict(desk.rejects()) == {
        3: {"status": "an order that is filled cannot become working"},
        4: {"status": "an order that is filled cannot become cancelled"},
        5: {"status": "an order that is filled cannot become working"},
    }
    found = desk.all("select external_id, status from trading.orders order by 1")
    assert found == [("o1", "filled"), ("o2", "filled"), ("o3", "filled"), ("o4", "cancelled")]


def test_the_database_refuses_them_of_anyone(desk: Desk) -> None:
    desk.load("orders", orders(("o1", "filled")))
    # As in a load, which checks keys itself.
    desk.conn.execute("set session_replication_role = replica")
    with pytest.raises(CheckViolation, match="is filled and cannot become working"):
        desk.conn.execute("update trading.orders set status = 'working', version = version + 1")
    desk.conn.execute("update trading.orders set tag = 'x', version = version + 1")


def test_the_server_and_the_models_know_the_same_steps(desk: Desk) -> None:
    legal = desk.all(
        "select a, b from unnest(%(all)s::text[]) as a cross join unnest(%(all)s::text[]) as b"
        " where trading.may_follow(a, b)".replace("%(all)s", "%s"),
        *[[str(status) for status in OrderStatus]] * 2,
    )
    assert set(legal) == {(old, new) for old, follow in ORDER_TRANSITIONS.items() for new in follow}


def test_an_order_may_hang_on_one_of_its_own_file_whatever_their_order(desk: Desk) -> None:
    last = orders(("o3", "working"), parent="o2").removeprefix(HEADER)
    middle = orders(("o2", "working"), parent="o1").removeprefix(HEADER)
    lost = orders(("o4", "working"), parent="o9").removeprefix(HEADER)
    tally = desk.load("orders", orders(("o1", "working")) + last + middle + lost).tally
    assert (tally.loaded, tally.rejected) == (3, 1)
    assert desk.why() == 'parent_order: "o9" is no order of the account'
    found = desk.all(
        "select o.external_id, p.external_id from trading.orders as o"
        " left join trading.orders as p on p.order_id = o.parent_order_id order by 1"
    )
    assert found == [("o1", None), ("o2", "o1"), ("o3", "o2")]
