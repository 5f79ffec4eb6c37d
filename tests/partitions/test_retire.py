"""A partition goes when every gate is open, with what hangs on it, and as its policy says."""

from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg import Connection

from tests.partitions.conftest import Scene, month
from warehouse.partitions import holds
from warehouse.partitions.apply import apply
from warehouse.partitions.hand import steps_to_detach
from warehouse.partitions.lock import Patience
from warehouse.partitions.plan import Detach, Gate, Plan
from warehouse.partitions.planning import make_plan
from warehouse.partitions.policy import policy_of
from warehouse.partitions.retiring import GateClosed, refuse_unless_open
from warehouse.partitions.run import run_steps

TRADES, TRANSACTIONS, ITEMS = (
    "trading.trades",
    "trading.transactions",
    "trading.transaction_items",
)
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def two_old_months(scene: Scene) -> None:
    """Two months of trades past their retention, archived, with rows."""
    scene.dimensions()
    scene.months(TRADES, 2024, 1, 2)
    scene.trade(1, month(2024, 1))
    scene.trade(2, month(2024, 2))
    scene.policy(TRADES, retention="2 years", automatic_maintenance="on")
    scene.archived(TRADES, 2024, 1)
    scene.archived(TRADES, 2024, 2)


STAGES = {"old": two_old_months}


@pytest.fixture
def old(scene: Scene) -> Scene:
    return scene


def retired(plan: Plan) -> list[tuple[str, str]]:
    return [(step.kind.value, step.name) for step in plan.steps if step.kind.value != "create"]


def closed(plan: Plan) -> list[tuple[str, Gate]]:
    return [(each.partition, each.gate) for each in plan.blocked]


def test_a_partition_past_its_retention_is_detached_and_stays_a_table(
    conn: Connection[Any], old: Scene
) -> None:
    plan, outcome = apply(conn, [TRADES])
    assert outcome.failed == []
    assert retired(plan) == [("detach", "trades_p20240101"), ("detach", "trades_p20240201")]
    assert conn.execute("select count(*) from trading.trades").fetchone() == (0,)
    assert conn.execute("select count(*) from trading.trades_p20240101").fetchone() == (1,)
    assert make_plan(conn, datetime.now(UTC), [TRADES]).steps == []


def test_a_month_is_taken_off_the_calendar_in_utc(conn: Connection[Any], old: Scene) -> None:
    conn.execute("set timezone = 'Pacific/Kiritimati'")
    second_too_early = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)
    assert retired(make_plan(conn, second_too_early, [TRADES])) == []
    assert retired(make_plan(conn, month(2026, 2), [TRADES])) == [("detach", "trades_p20240101")]


def test_without_a_verified_archive_nothing_goes(conn: Connection[Any], old: Scene) -> None:
    conn.execute("delete from ops.archives where partition_name = 'trading.trades_p20240101'")
    conn.execute("update ops.archives set state = 'written', verified_at = null")
    plan = make_plan(conn, NOW, [TRADES])
    assert retired(plan) == []
    assert closed(plan) == [
        ("trades_p20240101", Gate.ARCHIVE),
        ("trades_p20240201", Gate.ARCHIVE),
    ]
    assert "warehouse partitions archive trading.trades trades_p20240101" in plan.blocked[0].reason


def test_what_was_brought_back_stays_until_someone_says_otherwise(
    conn: Connection[Any], old: Scene
) -> None:
    conn.execute("update ops.archives set state = 'restored', restored_at = now()")
    assert closed(make_plan(conn, NOW, [TRADES])) == [
        ("trades_p20240101", Gate.RESTORED),
        ("trades_p20240201", Gate.RESTORED),
    ]


def test_a_legal_hold_keeps_what_it_names_and_lets_the_rest_go(
    conn: Connection[Any], old: Scene
) -> None:
    trades = policy_of(conn, TRADES)
    hold = holds.place(conn, trades, (month(2024, 2), None), "case 17")
    plan = make_plan(conn, NOW, [TRADES])
    assert retired(plan) == [("detach", "trades_p20240101")]
    assert closed(plan) == [("trades_p20240201", Gate.HOLD)]
    assert "case 17" in plan.blocked[0].reason
    holds.release(conn, hold)
    assert closed(make_plan(conn, NOW, [TRADES])) == []


def test_a_hold_that_came_after_the_plan_still_holds(conn: Connection[Any], old: Scene) -> None:
    (step, _) = make_plan(conn, NOW, [TRADES]).steps[-2:]
    assert isinstance(step, Detach)
    holds.place(conn, step.policy, (None, None), "case 17")
    with pytest.raises(GateClosed, match="legal hold.*case 17.*Nothing was changed"):
        refuse_unless_open(conn, step)


# -- rollups ---------------------------------------------------------------------------------------


def rollup(conn: Connection[Any], environment: str = "prod") -> None:
    conn.execute(
        "insert into ops.rollups (relation, logic_view, sources, time_column, key_columns,"
        " scope_mode, definition_hash, environment) values ('marts.flows', 'marts.flows_logic',"
        " array['trading.trades'], 'day', array['account_id'], 'window', sha256(''), %s)",
        [environment],
    )


def event(conn: Connection[Any], start: datetime, end: datetime) -> None:
    conn.execute(
        "select audit.record_event('trading', 'trades', 'insert', 1, %s, %s)", [start, end]
    )


def read(conn: Connection[Any]) -> None:
    """The rollup has read everything and was verified."""
    conn.execute(
        "update ops.rollups set snapshot = pg_current_snapshot(),"
        " verified_snapshot = pg_current_snapshot(), verified_at = now()"
    )


def test_a_rollup_must_have_read_past_it_and_been_verified_since(
    conn: Connection[Any], old: Scene
) -> None:
    rollup(conn)
    assert "never built" in make_plan(conn, NOW, [TRADES]).blocked[0].reason
    conn.execute(
        "update ops.rollups set verified_snapshot = pg_current_snapshot(), verified_at = now()"
    )
    event(conn, month(2024, 2), month(2024, 3))
    conn.execute("update ops.rollups set snapshot = verified_snapshot")
    plan = make_plan(conn, NOW, [TRADES])
    assert retired(plan) == [("detach", "trades_p20240101")]
    assert closed(plan) == [("trades_p20240201", Gate.ROLLUP)]
    assert "has not read past it" in plan.blocked[0].reason
    conn.execute("update ops.rollups set snapshot = pg_current_snapshot()")
    assert "was not verified since" in make_plan(conn, NOW, [TRADES]).blocked[0].reason
    read(conn)
    assert closed(make_plan(conn, NOW, [TRADES])) == []


def test_a_later_event_elsewhere_does_not_hold_it_up(conn: Connection[Any], old: Scene) -> None:
    rollup(conn)
    read(conn)
    event(conn, month(2026, 2), month(2026, 3))
    assert closed(make_plan(conn, NOW, [TRADES])) == []


def test_an_event_that_reaches_all_of_time_holds_everything_up(
    conn: Connection[Any], old: Scene
) -> None:
    rollup(conn)
    read(conn)
    conn.execute("select audit.record_event('trading', 'trades', 'truncate', 0)")
    assert len(closed(make_plan(conn, NOW, [TRADES]))) == 2


def test_an_analysts_rollup_holds_nothing_up(conn: Connection[Any], old: Scene) -> None:
    rollup(conn, "dev")
    assert closed(make_plan(conn, NOW, [TRADES])) == []


def test_the_floor_of_every_rollup_moves_up_with_what_went(
    conn: Connection[Any], old: Scene
) -> None:
    rollup(conn)
    read(conn)
    apply(conn, [TRADES])
    row = conn.execute("select source_floor, version from ops.rollups").fetchone()
    assert row == (month(2024, 3), 3)


def test_positions_keep_what_went(conn: Connection[Any], old: Scene) -> None:
    book = "select trading.rebook_positions('{1}', '{1}')"
    held = "select quantity, average_price, last_trade_at, opening_as_of from trading.positions"
    conn.execute(book)
    assert conn.execute(held).fetchall() == [(2, 1, month(2024, 2), None)]
    apply(conn, [TRADES])
    conn.execute(book)
    assert conn.execute(held).fetchall() == [(2, 1, month(2024, 2), month(2024, 3))]


# -- what a bust took away -------------------------------------------------------------------------


def test_what_a_bust_took_away_stays_away_when_the_bust_is_gone(
    conn: Connection[Any], old: Scene
) -> None:
    old.trade(3, month(2024, 1), replaces=(month(2024, 2), 2))
    old.archived(TRADES, 2024, 1)
    steps = steps_to_detach(conn, TRADES, "trades_p20240101")
    assert run_steps(conn, steps, Patience()).failed == []
    assert conn.execute("select count(*) from trading.trades").fetchone() == (1,)
    assert conn.execute("select from trading.effective_trades").rowcount == 0


# -- sets ------------------------------------------------------------------------------------------


@pytest.fixture
def booked(scene: Scene) -> Scene:
    """A month of transactions and their items, due and archived; each row has its parent."""
    scene.dimensions()
    for parent in (TRANSACTIONS, ITEMS):
        scene.months(parent, 2024, 1, 1)
        scene.policy(parent, retention="2 years")
    scene.conn.execute(
        "insert into trading.transactions (account_id, transaction_at, transaction_id,"
        " transaction_type, status, net_amount, currency, source_id)"
        " values (1, %s, 1, 'trade', 'valid', 1, 'USD', 1)",
        [month(2024, 1)],
    )
    scene.conn.execute(
        "insert into trading.transaction_items (account_id, transaction_at, transaction_id,"
        " item_no, amount, cost) values (1, %s, 1, 1, 1, 1)",
        [month(2024, 1)],
    )
    for parent in (TRANSACTIONS, ITEMS):
        scene.archived(parent, 2024, 1)
    return scene


def test_a_set_goes_in_the_order_of_its_keys(conn: Connection[Any], booked: Scene) -> None:
    plan, outcome = apply(conn, [TRANSACTIONS])
    assert outcome.failed == []
    assert retired(plan) == [
        ("detach", "transaction_items_p20240101"),
        ("drop_key", "transaction_items_p20240101"),
        ("detach", "transactions_p20240101"),
    ]
    assert conn.execute("select count(*) from trading.transactions_p20240101").fetchone() == (1,)


def test_a_set_stays_whole_when_one_of_it_must_stay(conn: Connection[Any], booked: Scene) -> None:
    holds.place(conn, policy_of(conn, TRANSACTIONS), (None, None), "case 17")
    plan = make_plan(conn, NOW, [ITEMS])
    assert retired(plan) == []
    assert {
        (name, Gate.HOLD) for name in ("transactions_p20240101", "transaction_items_p20240101")
    } <= set(closed(plan))


def test_a_set_stays_whole_when_one_of_it_is_not_due(conn: Connection[Any], booked: Scene) -> None:
    booked.policy(ITEMS, retention=None)
    plan = make_plan(conn, NOW, [TRANSACTIONS])
    assert retired(plan) == []
    assert closed(plan) == [("transactions_p20240101", Gate.SET)]


# -- afterwards ------------------------------------------------------------------------------------


def test_a_policy_may_drop_what_it_retires(conn: Connection[Any], old: Scene) -> None:
    old.policy(TRADES, retention_keep_table=False)
    _, outcome = apply(conn, [TRADES])
    assert outcome.failed == []
    assert conn.execute("select to_regclass('trading.trades_p20240101')").fetchone() == (None,)
    words = conn.execute(
        "select operation, count(*) from audit.events where table_name = 'trades'"
        " and operation in ('detach', 'drop') group by 1 order by 1"
    ).fetchall()
    assert words == [("detach", 2), ("drop", 2)]
    # The hole is none: what was dropped is not made again.
    assert retired(make_plan(conn, datetime.now(UTC), [TRADES])) == []


def test_a_policy_may_move_what_it_retires_and_drop_its_indexes(
    conn: Connection[Any], old: Scene
) -> None:
    conn.execute("create schema attic authorization warehouse_owner")
    old.policy(
        TRADES, retention_schema="attic", retention_keep_table=False, retention_keep_index=False
    )
    _, outcome = apply(conn, [TRADES])
    assert outcome.failed == []
    rows = conn.execute(
        "select c.relname, array_agg(i.indexrelid::regclass::text) from pg_class c"
        " join pg_index i on i.indrelid = c.oid where c.relnamespace = 'attic'::regnamespace"
        " group by 1 order by 1"
    ).fetchall()
    assert rows == [
        (name, [f"attic.{name}_pkey"]) for name in ("trades_p20240101", "trades_p20240201")
    ]
    assert make_plan(conn, datetime.now(UTC), [TRADES]).steps == []


@pytest.mark.parametrize(
    "write",
    [
        (
            "insert into trading.trades (account_id, executed_at, instrument_id, side, quantity,"
            " price, source_id) values (1, '2024-01-02', 1, 'sell', 1, 1, 1)"
        ),
        (
            "set role warehouse_maintain; update trading.trades set price = 2 where trade_id = 1;"
            " reset role"
        ),
    ],
    ids=["a row", "a price"],
)
def test_what_was_written_after_the_archive_is_never_dropped(
    conn: Connection[Any], old: Scene, write: str
) -> None:
    old.policy(TRADES, retention_keep_table=False)
    conn.execute(write)
    written = conn.execute("select * from trading.trades_p20240101").fetchall()
    _, outcome = apply(conn, [TRADES])
    (failure,) = outcome.failed
    assert "holds other rows than its archive" in failure[1]
    assert "warehouse partitions attach trading.trades trades_p20240101" in failure[1]
    assert conn.execute("select * from trading.trades_p20240101").fetchall() == written
    assert retired(make_plan(conn, datetime.now(UTC), [TRADES])) == []


def test_what_a_killed_run_detached_and_did_not_drop_is_dropped_by_the_next(
    conn: Connection[Any], old: Scene
) -> None:
    apply(conn, [TRADES])
    old.policy(TRADES, retention_keep_table=False)
    hold = holds.place(conn, policy_of(conn, TRADES), (month(2024, 2), None), "case 17")
    plan, outcome = apply(conn, [TRADES])
    assert outcome.failed == []
    assert retired(plan) == [("drop", "trades_p20240101")]
    assert closed(plan) == [("trades_p20240201", Gate.HOLD)]
    holds.release(conn, hold)
    assert retired(apply(conn, [TRADES])[0]) == [("drop", "trades_p20240201")]


def test_a_table_that_waits_for_its_attach_is_never_taken_for_a_retired_one(
    conn: Connection[Any], old: Scene
) -> None:
    old.policy(TRADES, retention_keep_table=False)
    old.months(TRADES, 2023, 12, 12)
    old.archived(TRADES, 2023, 12)
    conn.execute("alter table trading.trades detach partition trading.trades_p20231201")
    assert ("drop", "trades_p20231201") not in retired(make_plan(conn, NOW, [TRADES]))


def test_what_is_retired_leaves_its_publications(conn: Connection[Any], old: Scene) -> None:
    conn.execute("create publication feed for table trading.trades_p20240101")
    apply(conn, [TRADES])
    assert conn.execute("select from pg_publication_rel").rowcount == 0


def test_the_audits_own_partitions_are_detached_at_once(
    conn: Connection[Any], scene: Scene
) -> None:
    scene.months("audit.events", 2024, 1, 1)
    scene.archived("audit.events", 2024, 1)
    scene.policy("audit.events", retention="2 years")
    plan, outcome = apply(conn, ["audit.events"])
    detach = next(step for step in plan.steps if isinstance(step, Detach))
    assert not detach.concurrently
    assert outcome.failed == []
    assert "events_p20240101" not in scene.partitions("audit.events")


def test_beside_a_default_partition_it_is_detached_at_once(
    conn: Connection[Any], old: Scene
) -> None:
    conn.execute("create table trading.trades_default partition of trading.trades default")
    plan, outcome = apply(conn, [TRADES])
    assert outcome.failed == []
    assert [s.concurrently for s in plan.steps if isinstance(s, Detach)] == [False, False]


def test_events_are_sealed_before_their_rows_go_where_the_log_is_sealed(
    conn: Connection[Any], old: Scene
) -> None:
    conn.execute("insert into ops.cursors (consumer, snapshot) values ('seal', '4:4:')")
    plan = make_plan(conn, NOW, [TRADES])
    assert closed(plan) == [("trades_p20240101", Gate.SEAL), ("trades_p20240201", Gate.SEAL)]
    assert "run `warehouse audit seal`" in plan.blocked[0].reason
    conn.execute("update ops.cursors set snapshot = pg_current_snapshot() where consumer = 'seal'")
    assert closed(make_plan(conn, NOW, [TRADES])) == []
