"""A fill moves its order, leaves a trade and changes a position, or does nothing at all."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from tests.booking.conftest import Desk, at
from warehouse.db.sessions import async_writing
from warehouse.ingest.booking import (
    BookingError,
    Fill,
    FillConflict,
    IllegalTransition,
    Overfilled,
    TradeKey,
    TradeReplaced,
    UnknownOrder,
    UnknownTrade,
    WrongLeg,
    book,
    book_fill,
    bust_trade,
    correct_trade,
)
from warehouse.models.trading import Order, Side

pytestmark = pytest.mark.usefixtures("loop")


def fill(account: int, change: str, price: str = "10", minute: int = 1, **more: Any) -> Fill:
    quantity = Decimal(change)
    told: dict[str, Any] = {"instrument_id": 1, "source_id": 1} | more
    return Fill(
        account_id=account,
        side=Side.BUY if quantity > 0 else Side.SELL,
        quantity=abs(quantity),
        price=Decimal(price),
        executed_at=at(minute),
        **told,
    )


async def test_an_order_is_filled_in_parts(desk: Desk) -> None:
    account = desk.account()
    order = desk.order(account, "buy", 100)
    await book([fill(account, "40", order_id=order, external_id="a")])
    assert desk.order_state(order) == ("partially_filled", 40, 60)
    await book([fill(account, "60", "11", minute=2, order_id=order, external_id="b")])
    assert desk.order_state(order) == ("filled", 100, 0)
    executions = desk.conn.execute(
        "select a.external_id, a.execution_type, a.quantity, a.remaining_quantity, l.leg_no, l.price"
        " from trading.order_activities a join trading.execution_legs l using (activity_id) order by 1"
    )
    assert executions.fetchall() == [
        ("a", "partial_fill", 40, 60, 1, 10),
        ("b", "fill", 60, 0, 1, 11),
    ]
    assert desk.positions(account)[account, 1] == (100, Decimal("10.6"), 0, at(2))
    assert desk.one("select closed_at from trading.orders") == (at(2),)
    types = desk.conn.execute(
        "select trade_type, order_id from trading.trades order by executed_at"
    )
    assert types.fetchall() == [("opening", order), ("opening", order)]


async def test_a_position_is_closed_and_turned_around(desk: Desk) -> None:
    account = desk.account()
    for minute, (change, price) in enumerate([("10", "5"), ("-4", "7"), ("-8", "8"), ("2", "6")]):
        await book([fill(account, change, price, minute)])
    # 4 × (7 − 5), 6 × (8 − 5), then 2 short at 8 bought back at 6.
    assert desk.positions(account)[account, 1] == (0, None, 8 + 18 + 4, at(3))
    types = desk.conn.execute("select trade_type from trading.trades order by executed_at")
    assert [kind for (kind,) in types] == ["opening", "partial", None, "closing"]


async def test_the_multiplier_counts_in_the_profit(desk: Desk) -> None:
    account = desk.account()
    await book([fill(account, "-2", "1.50", 1, instrument_id=2)])
    await book([fill(account, "2", "1.25", 2, instrument_id=2)])
    assert desk.positions(account)[account, 2] == (0, None, 50, at(2))


async def test_forty_digits_are_kept(desk: Desk) -> None:
    account = desk.account()
    great = "12345678901234567890.12345678901234567891"
    await book([fill(account, great, "3", 1)])
    await book([fill(account, f"-{great}", "5", 2)])
    assert desk.positions(account)[account, 1] == (0, None, 2 * Decimal(great), at(2))


async def test_a_late_fill_is_counted_where_it_belongs(desk: Desk) -> None:
    account = desk.account()
    await book([fill(account, "10", "5", 1)])
    await book([fill(account, "-10", "9", 9)])
    await book([fill(account, "10", "7", 5)])
    assert desk.positions(account)[account, 1] == (10, 6, 30, at(9))


async def test_a_fill_that_is_told_twice_is_booked_once(desk: Desk) -> None:
    account = desk.account()
    order = desk.order(account, "buy", 100)
    told = fill(account, "40", order_id=order, external_id="a")
    first = await book([told])
    assert await book([told]) == first
    assert desk.count("trading.trades") == desk.count("trading.order_activities") == 1
    assert desk.positions(account)[account, 1][0] == 40
    with pytest.raises(FillConflict, match="another fill before"):
        await book([replace(told, quantity=Decimal(41))])


@pytest.mark.parametrize("status", ["cancelled", "rejected", "expired", "replaced", "filled"])
async def test_a_closed_order_takes_no_fill(desk: Desk, status: str) -> None:
    account = desk.account()
    order = desk.order(account, "buy", 100)
    desk.conn.execute("update trading.orders set status = %s", [status])
    with pytest.raises(IllegalTransition, match=f"is {status} and cannot become"):
        await book([fill(account, "40", order_id=order)])
    assert desk.count("trading.trades") == 0


async def test_an_order_that_is_being_cancelled_stays_so_until_all_has_traded(desk: Desk) -> None:
    account = desk.account()
    order = desk.order(account, "buy", 100)
    desk.conn.execute("update trading.orders set status = 'pending_cancel'")
    await book([fill(account, "40", order_id=order)])
    assert desk.order_state(order) == ("pending_cancel", 40, 60)
    await book([fill(account, "60", minute=2, order_id=order)])
    assert desk.order_state(order) == ("filled", 100, 0)


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({"change": "101"}, Overfilled),
        ({"change": "-1"}, WrongLeg),
        ({"change": "1", "instrument_id": 2}, WrongLeg),
        ({"change": "1", "leg_no": 2}, WrongLeg),
        ({"change": "1", "order_id": 404}, UnknownOrder),
    ],
)
async def test_what_does_not_fit_the_order_is_refused(
    desk: Desk, told: dict[str, Any], error: type[BookingError]
) -> None:
    account = desk.account()
    order = desk.order(account, "buy", 100)
    with pytest.raises(error, match="nothing was booked"):
        await book([fill(account, **{"order_id": order} | told)])
    assert desk.order_state(order) == ("working", 0, 100)
    assert desk.count("trading.trades") == desk.count("trading.positions") == 0


async def test_a_spread_has_traded_when_each_of_its_legs_has(desk: Desk) -> None:
    account = desk.account()
    order = desk.order(account, None, 5, ("buy_to_open", 5, 1), ("sell_to_open", 10, 2))
    await book([fill(account, "5", order_id=order)])
    assert desk.order_state(order) == ("partially_filled", 0, 5)
    await book([fill(account, "-6", minute=2, order_id=order, instrument_id=2)])
    assert desk.order_state(order) == ("partially_filled", 3, 2)
    with pytest.raises(Overfilled):
        await book([fill(account, "-5", minute=3, order_id=order, instrument_id=2)])
    await book([fill(account, "-4", minute=3, order_id=order, instrument_id=2)])
    assert desk.order_state(order) == ("filled", 5, 0)


async def test_an_order_in_dollars_ends_when_the_broker_says_so(desk: Desk) -> None:
    account = desk.account()
    order = desk.order(account, "buy", 1)
    desk.conn.execute("update trading.orders set quantity = null, remaining_quantity = null")
    await book([fill(account, "3.7", order_id=order)])
    assert desk.order_state(order) == ("partially_filled", Decimal("3.7"), None)
    await book([fill(account, "1.2", minute=2, order_id=order, ends_order=True)])
    assert desk.order_state(order) == ("filled", Decimal("4.9"), 0)


async def test_a_fill_without_a_partition_says_what_to_do(desk: Desk) -> None:
    with pytest.raises(Exception, match="warehouse partitions apply"):
        await book([fill(desk.account(), "1", minute=60 * 24 * 365)])


# -- corrections and busts -------------------------------------------------------------------------


async def test_a_correction_takes_the_place_of_its_trade(desk: Desk) -> None:
    account = desk.account()
    order = desk.order(account, "buy", 100)
    (key, _) = await book(
        [fill(account, "40", "10", 1, order_id=order), fill(account, "-10", "12", 2)]
    )
    async with async_writing() as session:
        new = await correct_trade(
            session, key, external_id="c", quantity=Decimal(30), price=Decimal(11)
        )
    assert (new.kind, new.order_id, new.executed_at) == ("correction", order, at(1))
    assert desk.order_state(order) == ("partially_filled", 30, 70)
    assert desk.positions(account)[account, 1] == (20, 11, 10, at(2))
    assert desk.one("select target_id from trading.external_ids") == (new.trade_id,)


async def test_a_bust_ends_its_trade_and_a_closed_order_stays_closed(desk: Desk) -> None:
    account = desk.account()
    order = desk.order(account, "buy", 40)
    (key,) = await book([fill(account, "40", order_id=order)])
    async with async_writing() as session:
        await bust_trade(session, key, at(60))
    assert desk.order_state(order) == ("filled", 0, 0)
    assert desk.positions(account)[account, 1] == (0, None, 0, None)


async def test_only_a_trade_that_stands_can_be_replaced(desk: Desk) -> None:
    account = desk.account()
    (key,) = await book([fill(account, "40")])
    async with async_writing() as session:
        bust = await bust_trade(session, key, at(60))
    gone = TradeKey(account, at(60), bust.trade_id)
    for wrong, error in ((key, TradeReplaced), (gone, TradeReplaced)):
        with pytest.raises(error, match="nothing was booked"):
            async with async_writing() as session:
                await correct_trade(session, wrong, price=Decimal(1))
    with pytest.raises(UnknownTrade, match="nothing was booked"):
        async with async_writing() as session:
            await bust_trade(session, TradeKey(account, at(1), 404), at(60))


# -- the transaction -------------------------------------------------------------------------------


async def test_the_caller_commits(desk: Desk) -> None:
    account = desk.account()
    with pytest.raises(KeyError):
        async with async_writing() as session:
            await book_fill(session, fill(account, "40"))
            raise KeyError
    assert desk.count("trading.trades") == desk.count("trading.positions") == 0


async def test_an_order_that_changed_under_its_reader_is_booked_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Someone who writes orders without booking's lock gets between the reading and the writing."""
    account = desk.account()
    order = desk.order(account, "buy", 100)
    attempts = []

    def disturb(self: Order, name: str, value: Any) -> None:
        if name == "filled_quantity":
            attempts.append(value)
            if len(attempts) == 1:
                desk.conn.execute("update trading.orders set tag = 'x', version = version + 1")
        object.__setattr__(self, name, value)

    monkeypatch.setattr(Order, "__setattr__", disturb, raising=False)
    await book([fill(account, "40", order_id=order)])
    assert len(attempts) == 2
    assert desk.order_state(order) == ("partially_filled", 40, 60)
    assert desk.count("trading.trades") == 1


async def test_every_row_of_a_fill_names_its_event(desk: Desk) -> None:
    account = desk.account()
    order = desk.order(account, "buy", 100)
    await book([fill(account, "40", order_id=order, external_id="a")])
    for table in ("trades", "external_ids", "order_activities", "execution_legs", "positions"):
        assert desk.one(
            f"select count(*) from trading.{table} join audit.events e using (event_id)"
            " where e.table_name = %s",
            table,
        ) == (1,)


async def test_positions_are_written_by_whoever_may_ingest(desk: Desk) -> None:
    account = desk.account()
    async with async_writing() as session:
        await session.execute(text("set local role warehouse_write"))
        trade = await book_fill(session, fill(account, "40"))
        await bust_trade(session, TradeKey(account, at(1), trade.trade_id), at(2))
    assert desk.positions(account)[account, 1][0] == 0
