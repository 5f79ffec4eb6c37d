"""Holds are placed, listed and released, each with an event; what holds nothing is refused."""

from typing import Any

import pytest
from psycopg import Connection

from tests.partitions.conftest import Scene, month
from warehouse.partitions import holds
from warehouse.partitions.policy import policy_of

TRADES = "trading.trades"


@pytest.fixture(autouse=True)
def log(scene: Scene) -> None:
    scene.months("audit.events", 2026, 1, 1)


def test_a_hold_is_placed_and_released_with_an_event_each(conn: Connection[Any]) -> None:
    hold_id = holds.place(conn, policy_of(conn, TRADES), (month(2026, 1), None), "case 17")
    (hold,) = holds.holds(conn, [TRADES])
    assert (hold.hold_id, hold.time_from, hold.time_to, hold.reason) == (
        hold_id,
        month(2026, 1),
        None,
        "case 17",
    )
    holds.release(conn, hold_id)
    assert holds.holds(conn, [TRADES]) == []
    rows = conn.execute(
        "select operation, before->>'released_at' is null, after->>'released_at' is null"
        " from audit.events join audit.images using (event_id, occurred_at)"
        " where audit.events.table_name = 'holds' order by event_id"
    ).fetchall()
    assert rows == [("insert", True, True), ("update", True, False)]


def test_a_hold_that_holds_nothing_is_refused(conn: Connection[Any]) -> None:
    with pytest.raises(holds.HoldRefused, match="holds nothing"):
        holds.place(conn, policy_of(conn, TRADES), (month(2026, 2), month(2026, 1)), "case 17")


def test_a_hold_needs_a_reason(conn: Connection[Any]) -> None:
    with pytest.raises(holds.HoldRefused, match="needs a reason"):
        holds.place(conn, policy_of(conn, TRADES), (None, None), " ")


def test_only_what_holds_can_be_released(conn: Connection[Any]) -> None:
    with pytest.raises(holds.HoldRefused, match="no hold 5 in force"):
        holds.release(conn, 5)
