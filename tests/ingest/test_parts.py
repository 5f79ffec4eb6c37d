"""Rows that hold rows of other kinds: all of them are loaded with it, or none."""

import json
from typing import Any

import pytest

from tests.ingest.conftest import Desk
from warehouse.ingest import direct
from warehouse.models.ops import IngestMode

SESSION = {"session": "normal", "duration": "day", "order_type": "market"}
AT = "2026-01-05T14:30:00Z"


def leg(**more: Any) -> dict[str, Any]:
    told = {"leg_type": "equity", "instruction": "buy", "symbol": "ABC", "quantity": 10}
    return told | more


def fill(number: str, **more: Any) -> dict[str, Any]:
    told = {"leg_no": 1, "price": 1.10, "quantity": 4, "executed_at": AT} | more
    what = {"external_id": number, "activity_type": "execution", "quantity": 4, "activity_at": AT}
    return what | {"legs": [told]}


def order(number: str | None, **more: Any) -> dict[str, Any]:
    told = {"account": "acc-1", "external_id": number, "status": "working", "entered_at": AT}
    return told | SESSION | more


def load(desk: Desk, kind: str, *rows: dict[str, Any], **more: Any) -> Any:
    path = desk.file("\n".join(map(json.dumps, rows)), f"file-{len(more)}.ndjson")
    return desk.load(kind, path, **more).tally


def counts(desk: Desk) -> tuple[int, ...]:
    tables = ("orders", "order_legs", "order_activities", "execution_legs")
    return tuple(desk.count(f"trading.{table}") for table in tables)


def test_an_order_comes_with_its_legs_its_executions_and_the_orders_that_hang_on_it(
    desk: Desk,
) -> None:
    child = order("o2", status="awaiting_parent_order", legs=[leg(instruction="sell")])
    spread = order("o1", legs=[leg(), leg(symbol="XYZ")], activities=[fill("e1")], children=[child])
    tally = load(desk, "orders", spread)
    assert (tally.read, tally.loaded) == (1, 1)
    assert counts(desk) == (2, 3, 1, 1)
    assert desk.all(
        "select external_id, leg_no, symbol, parent_order_id is null from trading.orders"
        " join trading.order_legs as l using (account_id, order_id)"
        " join reference.instruments as i on i.instrument_id = l.instrument_id order by 1, 2"
    ) == [("o1", 1, "ABC", True), ("o1", 2, "XYZ", True), ("o2", 1, "ABC", False)]


def test_what_is_wrong_with_a_part_is_told_and_none_of_its_order_is_kept(desk: Desk) -> None:
    tally = load(
        desk,
        "orders",
        order("o1", legs=[leg()], activities=[fill("e1"), fill("e2", leg_no=2)]),
        order("o2", legs=[leg(), leg(symbol="NOPE", quantity=-1)]),
        order("o3", legs=[leg(leg_no=1), leg(leg_no=1)]),
        order("o4", legs=[leg(quantity=None)]),
        order("o5", legs="none"),
        order(None, legs=[leg()]),
        order("o7", legs=[leg()], activities=[fill("e1")]),
        order("o8", activities=[{"activity_type": "cancel", "quantity": 1, "activity_at": AT}]),
    )
    assert (tally.read, tally.loaded, tally.rejected) == (8, 1, 7)
    assert counts(desk) == (1, 1, 1, 1)
    told = dict(desk.rejects())
    assert told[1] == {"activities[2].legs[1].leg_no": '"2" is no leg of the order'}
    assert told[2] == {"legs[2].quantity": '"-1" is not above zero'}
    assert "is there already" in told[3]["legs[2].row"]
    assert told[4] == {
        "legs[1].row": "a leg needs its quantity, unless quantity_type is all_shares"
    }
    assert told[5] == {"legs": "is no list of objects"}
    assert told[6] == {"external_id": "is missing; what the row holds is known by it"}
    assert "told again" in told[8]["activities[1].external_id"]
    raw = desk.one("select raw from ops.ingest_rejects where line_no = 2")
    assert json.loads(raw)["legs"][1]["symbol"] == "NOPE"


@pytest.mark.parametrize(
    ("mode", "tally", "rows", "price"),
    [
        (IngestMode.INSERT, (2, 1, 0, 1), (2, 2, 1, 1), None),
        (IngestMode.IGNORE, (2, 1, 1, 0), (2, 2, 1, 1), None),
        (IngestMode.UPSERT, (2, 2, 0, 0), (2, 2, 2, 2), 7),
    ],
)
def test_an_order_told_again_is_passed_by_or_brought_up_to_date_with_all_it_holds(
    desk: Desk, mode: IngestMode, tally: tuple[int, ...], rows: tuple[int, ...], price: int | None
) -> None:
    load(desk, "orders", order("o1", legs=[leg()], activities=[fill("e1")]))
    again = order(
        "o1", price=7, legs=[leg(quantity=20)], activities=[fill("e1"), fill("e2")], status="filled"
    )
    found = load(desk, "orders", again, order("o2", legs=[leg()]), mode=mode)
    assert (found.read, found.loaded, found.duplicate, found.rejected) == tally
    assert counts(desk) == rows
    assert desk.one("select price from trading.orders where external_id = 'o1'") == price


def test_a_transaction_comes_with_its_items_in_the_partitions_of_its_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct, "MANY", 1)
    told = {
        "account": "acc-1",
        "transaction_at": "2019-01-15T21:00:00Z",
        "transaction_type": "dividend_or_interest",
        "status": "valid",
        "net_amount": 24,
        "currency": "USD",
    }
    items = [{"symbol": "ABC", "amount": 24, "cost": 25}, {"amount": 1, "cost": -1}]
    bad = [{"amount": 1, "cost": "NaN"}, {"amount": 1, "cost": 1, "item_no": 0}]
    tally = load(
        desk,
        "transactions",
        told | {"external_id": "b1", "items": items},
        *(told | {"external_id": f"x{n}", "items": [item]} for n, item in enumerate(bad)),
    )
    assert (tally.read, tally.loaded, tally.rejected) == (3, 1, 2)
    found = desk.all(
        "select item_no, i.transaction_at = t.transaction_at, i.tableoid::regclass::text"
        " from trading.transaction_items as i join trading.transactions as t using (transaction_id)"
        " order by 1"
    )
    home = "trading.transaction_items_p20190101"
    assert found == [(1, True, home), (2, True, home)]
    assert desk.all(
        "select table_name, sum(row_count)::int from audit.events where table_schema = 'trading'"
        " group by 1 having sum(row_count) > 0 order by 1"
    ) == [("external_ids", 1), ("transaction_items", 2), ("transactions", 1)]


def test_a_vendors_parts_are_mapped_like_its_rows(desk: Desk) -> None:
    vendor = {
        "accountNumber": "acc-1",
        "orderId": 77,
        "status": "WORKING",
        "time": AT,
        "orderLegCollection": [
            {"orderLegType": "EQUITY", "instrument": {"symbol": "ABC"}, "qty": 1.50, "do": "BUY"}
        ],
    }
    mapping = {
        "columns": {name: {"value": value} for name, value in SESSION.items()}
        | {"account": "accountNumber", "external_id": "orderId", "entered_at": "time"},
        "parts": {
            "legs": {
                "from": "orderLegCollection",
                "columns": {
                    "symbol": "instrument.symbol",
                    "leg_type": "orderLegType",
                    "instruction": "do",
                    "quantity": "qty",
                },
            }
        },
    }
    assert load(desk, "orders", vendor, mapping=mapping).loaded == 1
    found = desk.one("select leg_no, leg_type, instruction, quantity::text from trading.order_legs")
    assert found == (1, "equity", "buy", "1.5")
    assert desk.one("select external_id from trading.orders") == "77"
