"""Orders live legal lives, and what is filed of them agrees with how they ended."""

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from tests.demo.reading import of_table
from warehouse.demo.chunks import Chunk
from warehouse.demo.trading.histories import HISTORIES, Life
from warehouse.models.trading import CLOSED_STATUSES, ORDER_TRANSITIONS, OrderStatus

Key = tuple[int, int]


@pytest.fixture(scope="module")
def orders(traded: list[Chunk]) -> dict[Key, dict[str, Any]]:
    return {(row["account_id"], row["order_id"]): row for row in of_table(traded, "orders")}


def by_order(traded: list[Chunk], table: str) -> dict[Key, list[dict[str, Any]]]:
    found = defaultdict(list)
    for row in of_table(traded, table):
        if row["order_id"] is not None:
            found[row["account_id"], row["order_id"]].append(row)
    return found


@pytest.mark.parametrize("life", Life)
def test_every_life_takes_legal_steps(life: Life) -> None:
    steps = HISTORIES[life]
    for before, after in pairwise(steps):
        assert after in ORDER_TRANSITIONS[before]
    assert (steps[-1] in CLOSED_STATUSES) == (life is not Life.STILL_WORKING)


def test_what_is_filled_adds_up_to_what_the_fills_say(
    traded: list[Chunk], orders: dict[Key, dict[str, Any]]
) -> None:
    activities, fills = by_order(traded, "order_activities"), by_order(traded, "execution_legs")
    for key, order in orders.items():
        executions = [a for a in activities[key] if a["activity_type"] == "execution"]
        assert sum(a["quantity"] for a in executions) == order["filled_quantity"]
        assert len({f["activity_id"] for f in fills[key]}) == len(executions)
        partial = [a for a in executions if a["execution_type"] == "partial_fill"]
        assert all(a["remaining_quantity"] > 0 for a in partial)
        assert (order["status"] == OrderStatus.FILLED) == (
            order["filled_quantity"] == order["quantity"]
        )


def test_trades_are_the_fills(traded: list[Chunk]) -> None:
    trades = by_order(traded, "trades")
    for key, fills in by_order(traded, "execution_legs").items():
        filled = sorted((f["executed_at"], f["price"], f["quantity"]) for f in fills)
        new = [t for t in trades[key] if t["kind"] == "new"]
        assert sorted((t["executed_at"], t["price"], t["quantity"]) for t in new) == filled


def test_times_follow_each_other(traded: list[Chunk], orders: dict[Key, dict[str, Any]]) -> None:
    activities = by_order(traded, "order_activities")
    for key, order in orders.items():
        stages = [order["entered_at"], order["released_at"]]
        stages += sorted(a["activity_at"] for a in activities[key])
        stages = [at for at in [*stages, order["closed_at"]] if at is not None]
        assert stages == sorted(stages), order
        assert (order["closed_at"] is None) == (order["status"] not in CLOSED_STATUSES)
        assert (order["cancelled_at"] is None) == (order["status"] != OrderStatus.CANCELLED)


def test_limits_are_kept(traded: list[Chunk], orders: dict[Key, dict[str, Any]]) -> None:
    for key, fills in by_order(traded, "execution_legs").items():
        order = orders[key]
        if order["order_type"] == "limit":
            side = 1 if order["side"] == "buy" else -1
            assert all(side * (order["price"] - fill["price"]) >= 0 for fill in fills)


def test_an_exit_of_a_bracket_hangs_on_its_entry_and_cancels_its_twin(
    orders: dict[Key, dict[str, Any]],
) -> None:
    exits = defaultdict(list)
    for (account, _), order in orders.items():
        if order["parent_order_id"]:
            exits[account, order["parent_order_id"]].append(order)
    assert exits
    for parent, (one, other) in exits.items():
        assert orders[parent]["strategy_type"] == "trigger"
        assert {one["status"], other["status"]} == {"filled", "cancelled"}
        assert {one["order_type"], other["order_type"]} == {"limit", "stop"}
        assert one["closed_at"] - other["closed_at"] == timedelta(0)


def test_there_is_something_of_everything(traded: list[Chunk]) -> None:
    orders, legs = of_table(traded, "orders"), of_table(traded, "order_legs")
    assert {order["complex_strategy"] for order in orders} == {"none", "vertical", "iron_condor"}
    assert {order["status"] for order in orders} >= {
        "filled", "cancelled", "rejected", "expired", "replaced",
    }  # fmt: skip
    assert {leg["instruction"] for leg in legs} >= {
        "buy", "sell", "sell_short", "buy_to_cover", "buy_to_open", "sell_to_open",
    }  # fmt: skip
    assert {trade["position_effect"] for trade in of_table(traded, "trades")} == {
        "opening", "closing", "automatic",
    }  # fmt: skip


def test_corrections_and_busts_name_a_row_of_their_account(traded: list[Chunk]) -> None:
    trades = of_table(traded, "trades")
    known = {(t["account_id"], t["executed_at"], t["trade_id"]): t for t in trades}
    assert {trade["kind"] for trade in trades} == {"new", "correction", "bust"}
    for trade in trades:
        if trade["kind"] != "new":
            key = trade["account_id"], trade["replaces_executed_at"], trade["replaces_trade_id"]
            assert known[key]["kind"] == "new"
            assert known[key]["instrument_id"] == trade["instrument_id"]


def test_a_transactions_items_add_up_to_it(traded: list[Chunk]) -> None:
    items: dict[int, Decimal] = defaultdict(Decimal)
    for item in of_table(traded, "transaction_items"):
        items[item["transaction_id"]] += item["cost"]
    transactions = of_table(traded, "transactions")
    assert {row["transaction_id"]: row["net_amount"] for row in transactions} == items


def test_fees_are_items_and_the_regulators_charge_only_sales(traded: list[Chunk]) -> None:
    sold = {t["trade_id"] for t in of_table(traded, "trades") if t["side"] == "sell"}
    sales = {
        row["transaction_id"]
        for row in of_table(traded, "transactions")
        if row.get("trade_id") in sold
    }
    items = of_table(traded, "transaction_items")
    kinds = {item.get("fee_type") for item in items}
    assert kinds == {None, "commission", "sec_fee", "taf_fee", "opt_reg_fee"}
    for item in items:
        if item.get("fee_type") in ("sec_fee", "taf_fee"):
            assert item["transaction_id"] in sales


def test_cash_is_counted_once(traded: list[Chunk]) -> None:
    flows = {(f["account_id"], f["cash_flow_id"]): f for f in of_table(traded, "cash_flows")}
    mirrored = 0
    for row in of_table(traded, "transactions"):
        assert not (row.get("trade_id") and row.get("cash_flow_id"))
        if row.get("cash_flow_id"):
            flow = flows[row["account_id"], row["cash_flow_id"]]
            assert (flow["amount"], flow["flow_at"]) == (row["net_amount"], row["cash_flow_at"])
            mirrored += 1
    assert mirrored == len(flows) > 0
