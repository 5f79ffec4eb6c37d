"""One partition, by name: detached, attached again, dropped; and what is refused, with the fix."""

from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg import Connection

from tests.partitions.conftest import Scene, month
from warehouse.partitions import holds
from warehouse.partitions.hand import (
    NoPartition,
    steps_to_attach,
    steps_to_detach,
    steps_to_drop,
)
from warehouse.partitions.lock import Patience
from warehouse.partitions.naming import Bounds
from warehouse.partitions.plan import PartitionConflict, Step
from warehouse.partitions.policy import NoPolicy, policy_of
from warehouse.partitions.retiring import GateClosed
from warehouse.partitions.run import run_steps

TRADES = "trading.trades"


def two_months(scene: Scene) -> None:
    scene.dimensions()
    scene.months(TRADES, 2026, 1, 2)
    scene.trade(1, month(2026, 1))
    scene.archived(TRADES, 2026, 1)


STAGES = {"stocked": two_months}


@pytest.fixture
def stocked(scene: Scene) -> Scene:
    return scene


def do(conn: Connection[Any], steps: list[Step]) -> None:
    outcome = run_steps(conn, steps, Patience())
    assert outcome.failed == []


def indexes(conn: Connection[Any], table: str) -> list[str]:
    rows = conn.execute(
        "select regexp_replace(pg_get_indexdef(indexrelid), '^.* USING ', '') from pg_index"
        " where indrelid = to_regclass(%s) and indisvalid order by 1",
        [table],
    )
    return [definition for (definition,) in rows]


def test_a_partition_goes_and_comes_back_row_for_row(conn: Connection[Any], stocked: Scene) -> None:
    before = conn.execute("select * from trading.trades").fetchall()
    do(conn, steps_to_detach(conn, TRADES, "trades_p20260101"))
    assert conn.execute("select count(*) from trading.trades").fetchone() == (0,)
    do(conn, steps_to_attach(conn, TRADES, "trades_p20260101"))
    assert conn.execute("select * from trading.trades").fetchall() == before


def test_it_can_be_killed_and_asked_for_again(conn: Connection[Any], stocked: Scene) -> None:
    steps = steps_to_detach(conn, TRADES, "trades_p20260101")
    do(conn, steps)
    do(conn, steps)
    again = steps_to_attach(conn, TRADES, "trades_p20260101")
    do(conn, again)
    do(conn, again)
    assert conn.execute("select count(*) from trading.trades").fetchone() == (1,)


def test_a_bare_loaded_table_is_checked_indexed_and_keyed_before_it_is_attached(
    conn: Connection[Any], stocked: Scene
) -> None:
    conn.execute(
        "create table trading.trades_p20250301 (like trading.trades including constraints)"
    )
    conn.execute(
        "insert into trading.trades_p20250301 (account_id, executed_at, trade_id, kind,"
        " instrument_id, side, quantity, price, commission, fees, source_id, event_id)"
        " select 1, '2025-03-01'::timestamptz + g * interval '1 minute', g, 'new', 1, 'buy', 1, 1,"
        " 0, 0, 1, 1 from generate_series(1, 1000) g"
    )
    do(conn, steps_to_attach(conn, TRADES, "trades_p20250301"))
    assert conn.execute("select count(*) from trading.trades").fetchone() == (1001,)
    wanted = indexes(conn, "trading.trades_p20260101")
    assert indexes(conn, "trading.trades_p20250301") == wanted
    keys = (
        "select count(*) from pg_constraint where contype = 'f' and convalidated"
        " and conparentid <> 0 and conrelid = to_regclass(%s)"
    )
    there = conn.execute(keys, ["trading.trades_p20250301"]).fetchone()
    assert there == conn.execute(keys, ["trading.trades_p20260101"]).fetchone()
    leftovers = conn.execute(
        "select relname from pg_class where relname ~ '^trades.*_copy$'"
    ).fetchall()
    assert leftovers == []


def test_rows_that_break_a_key_are_found_before_anything_is_attached(
    conn: Connection[Any], stocked: Scene
) -> None:
    conn.execute(
        "create table trading.trades_p20250301 (like trading.trades including all excluding identity)"
    )
    conn.execute(
        "insert into trading.trades_p20250301 (account_id, executed_at, trade_id, kind,"
        " instrument_id, side, quantity, price, source_id, event_id)"
        " values (77, '2025-03-02', 1, 'new', 1, 'buy', 1, 1, 1, 1)"
    )
    steps = steps_to_attach(conn, TRADES, "trades_p20250301")
    ((_, message),) = run_steps(conn, steps, Patience()).failed
    assert "trades_account_id_fkey" in message
    assert "trades_p20250301" not in stocked.partitions(TRADES)


def test_the_floor_comes_down_when_the_youngest_retired_comes_back(
    conn: Connection[Any], stocked: Scene
) -> None:
    conn.execute(
        "insert into ops.rollups (relation, logic_view, sources, time_column, key_columns,"
        " scope_mode, definition_hash, environment) values ('marts.flows', 'marts.flows_logic',"
        " array['trading.trades'], 'day', array['account_id'], 'window', sha256(''), 'dev')"
    )
    do(conn, steps_to_detach(conn, TRADES, "trades_p20260101"))
    floor = "select source_floor from ops.rollups"
    assert conn.execute(floor).fetchone() == (month(2026, 2),)
    do(conn, steps_to_attach(conn, TRADES, "trades_p20260101"))
    assert conn.execute(floor).fetchone() == (month(2026, 1),)


def test_what_was_restored_may_be_detached_by_hand(conn: Connection[Any], stocked: Scene) -> None:
    conn.execute("update ops.archives set state = 'restored', restored_at = now()")
    do(conn, steps_to_detach(conn, TRADES, "trades_p20260101"))
    assert stocked.partitions(TRADES) == ["trades_p20260201"]


def test_by_hand_a_detach_needs_the_same_gates(conn: Connection[Any], stocked: Scene) -> None:
    with pytest.raises(GateClosed, match=r"trades_p20260201 stays\. archive: there is none"):
        steps_to_detach(conn, TRADES, "trades_p20260201")


def test_a_set_is_detached_whole(conn: Connection[Any], scene: Scene) -> None:
    parents = ("trading.transactions", "trading.transaction_items")
    for parent in parents:
        scene.months(parent, 2026, 1, 1)
        scene.archived(parent, 2026, 1)
    steps = steps_to_detach(conn, "trading.transactions", "transactions_p20260101")
    do(conn, steps)
    assert [step.kind.value for step in steps] == ["detach", "drop_key", "detach"]
    for parent in parents:
        (attach,) = steps_to_attach(conn, parent, f"{parent.partition('.')[2]}_p20260101")
        do(conn, [attach])
        assert scene.partitions(parent) == [attach.name]


def test_a_detached_table_is_dropped_when_its_archive_is_verified(
    conn: Connection[Any], stocked: Scene
) -> None:
    do(conn, steps_to_detach(conn, TRADES, "trades_p20260101"))
    hold = holds.place(conn, policy_of(conn, TRADES), (None, None), "case 17")
    with pytest.raises(GateClosed, match="case 17"):
        steps_to_drop(conn, TRADES, "trades_p20260101")
    holds.release(conn, hold)
    do(conn, steps_to_drop(conn, TRADES, "trades_p20260101"))
    assert conn.execute("select to_regclass('trading.trades_p20260101')").fetchone() == (None,)


def test_what_is_attached_is_not_dropped(conn: Connection[Any], stocked: Scene) -> None:
    with pytest.raises(PartitionConflict, match=r"is a partition of .* Nothing was done; .*detach"):
        steps_to_drop(conn, TRADES, "trades_p20260101")


def test_an_overlap_is_refused_by_name(conn: Connection[Any], stocked: Scene) -> None:
    conn.execute("create table trading.odd (like trading.trades)")
    bounds = Bounds(datetime(2026, 1, 20, tzinfo=UTC), datetime(2026, 3, 20, tzinfo=UTC))
    with pytest.raises(
        PartitionConflict, match=r"trading\.trades_p20260101 already holds .* Nothing was done"
    ):
        steps_to_attach(conn, TRADES, "odd", bounds)


def test_bounds_that_no_name_tells_are_asked_for(conn: Connection[Any], stocked: Scene) -> None:
    conn.execute("create table trading.odd (like trading.trades)")
    with pytest.raises(NoPartition, match="say what it holds with --from and --to"):
        steps_to_attach(conn, TRADES, "odd")


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("trading.trads", r"no table trading\.trads\. Did you mean trading\.trades\?"),
        ("reference.sources", "is not partitioned, so it can have no policy"),
    ],
)
def test_an_unknown_table_is_a_sentence(conn: Connection[Any], table: str, told: str) -> None:
    with pytest.raises(NoPolicy, match=told):
        steps_to_detach(conn, table, "x")


def test_a_partitioned_table_without_a_policy_says_how_to_get_one(conn: Connection[Any]) -> None:
    conn.execute("create table market.ticks (at timestamptz) partition by range (at)")
    with pytest.raises(NoPolicy, match="warehouse partitions adopt market.ticks"):
        steps_to_detach(conn, "market.ticks", "x")


def test_an_unknown_partition_is_named_with_one_that_is_near(
    conn: Connection[Any], stocked: Scene
) -> None:
    with pytest.raises(NoPartition, match=r"Did you mean trades_p20260101\?"):
        steps_to_detach(conn, TRADES, "trades_p2026010")
    with pytest.raises(NoPartition, match=r"There is no table trading\.trades_p20200101"):
        steps_to_attach(conn, TRADES, "trades_p20200101")
    with pytest.raises(NoPartition, match="has no such partition"):
        steps_to_drop(conn, TRADES, "trades_p20200101")
