"""Partitions are made beside the parent, belong to the owner, take rows, and leave their trace."""

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg import Connection

from tests.partitions.conftest import Scene, Session
from warehouse.db.target import Target
from warehouse.errors import BusyError
from warehouse.models.base import Base
from warehouse.partitions import ensure
from warehouse.partitions.apply import apply, apply_ahead, partitions
from warehouse.partitions.lock import maintenance
from warehouse.partitions.planning import make_plan
from warehouse.partitions.policy import declared_policy, policies

BARS = Base.metadata.tables["market.bars"]
START, END = datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)


def test_a_span_gets_the_partitions_it_lacks_and_no_more(conn: Connection[Any]) -> None:
    assert ensure(conn, BARS, START, END) == 3
    assert ensure(conn, BARS, START, END) == 0
    names = [found.name for found in partitions(conn, declared_policy(BARS))]
    assert names == ["bars_p20260101", "bars_p20260201", "bars_p20260301"]


def test_a_span_before_the_partitions_there_are_is_made_too(conn: Connection[Any]) -> None:
    ensure(conn, BARS, END, END.replace(day=3))
    assert ensure(conn, BARS, START, START.replace(day=16)) == 1


def test_bounds_are_in_utc_whatever_the_sessions_zone(conn: Connection[Any]) -> None:
    conn.execute("set timezone = 'America/New_York'")
    ensure(conn, BARS, START, END)
    found = partitions(conn, declared_policy(BARS))
    assert found[0].bounds.start == datetime(2026, 1, 1, tzinfo=UTC)
    assert found[-1].bounds.end == datetime(2026, 4, 1, tzinfo=UTC)


def test_a_partition_is_the_owners_and_nobody_is_granted_anything_on_it(
    conn: Connection[Any],
) -> None:
    ensure(conn, BARS, START, END)
    row = conn.execute(
        "select pg_get_userbyid(relowner), relacl from pg_class where relname = 'bars_p20260101'"
    ).fetchone()
    assert row == ("warehouse_owner", None)


def test_a_partition_has_every_index_of_its_parent(conn: Connection[Any]) -> None:
    ensure(conn, BARS, START, END)
    lacking = conn.execute(
        "select p.indexrelid::regclass from pg_index p where p.indrelid = 'market.bars'::regclass"
        " and (select count(*) from pg_inherits i where i.inhparent = p.indexrelid) <> 3"
    ).fetchall()
    assert lacking == []


def test_a_partition_gets_the_truncate_trigger_that_it_would_not_inherit(
    conn: Connection[Any],
) -> None:
    conn.execute(
        "create function market.refuse() returns trigger language plpgsql as"
        " $$ begin raise exception 'kept: %', tg_argv[0]; end $$"
    )
    conn.execute(
        "create trigger a_bars_kept before truncate on market.bars"
        " for each statement execute function market.refuse('a ''reason''')"
    )
    conn.execute("alter table market.bars enable always trigger a_bars_kept")
    ensure(conn, BARS, START, END)
    with pytest.raises(Exception, match="kept: a 'reason'"):
        conn.execute("truncate market.bars_p20260101")
    row = conn.execute(
        "select tgenabled from pg_trigger where tgrelid = 'market.bars_p20260101'::regclass"
        " and tgname = 'a_bars_kept'"
    ).fetchone()
    assert row == ("A",)


def test_apply_makes_what_every_policy_asks_for_and_then_rests(conn: Connection[Any]) -> None:
    made = apply_ahead(conn)
    assert {step.policy.parent for step in made} == {policy.parent for policy in policies(conn)}
    assert make_plan(conn, datetime.now(UTC)).steps == []
    assert apply_ahead(conn) == []


def test_every_step_leaves_an_event_and_a_line_in_the_ledger(conn: Connection[Any]) -> None:
    made = apply_ahead(conn)
    rows = conn.execute(
        "select r.parent_table, r.partition_name, r.state, r.attempts, r.lock_held_ms is not null"
        " from ops.partition_runs r join audit.events e using (event_id)"
        " where e.operation = 'attach' and e.table_schema || '.' || e.table_name = r.parent_table"
        " order by r.step_no"
    ).fetchall()
    assert rows == [(step.policy.parent, step.partition, "done", 1, True) for step in made]


def test_apply_leaves_the_policies_and_their_events_alone(conn: Connection[Any]) -> None:
    told = (
        "select (select count(*) from audit.events where table_name = 'partition_policy'),"
        " (select max(xmin::text::bigint) from ops.partition_policy)"
    )
    before = conn.execute(told).fetchone()
    apply(conn, ["market.bars"])
    assert conn.execute(told).fetchone() == before


def test_every_partitioned_table_has_a_policy(conn: Connection[Any]) -> None:
    tables = {
        row[0]
        for row in conn.execute(
            "select format('%s.%s', n.nspname, c.relname) from pg_class c"
            " join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'p'"
        )
    }
    assert tables == {policy.parent for policy in policies(conn)}


def test_a_second_run_at_the_same_time_says_so_and_does_nothing(
    conn: Connection[Any], session: Session
) -> None:
    other = session()
    with (
        maintenance(other),
        pytest.raises(BusyError, match=f"process {other.info.backend_pid}.*Nothing was done"),
    ):
        apply(conn)
    assert conn.execute("select from ops.partition_runs").rowcount == 0
    assert apply(conn, ["market.bars"])[1].done


@pytest.mark.slow
def test_two_processes_at_once_end_as_one_would(database: Target, conn: Connection[Any]) -> None:
    tables = ["audit.events", "market.bars", "trading.trades"]
    command = [sys.executable, "-m", "warehouse", "partitions", "apply", *tables, "--json"]
    both = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ended = [(process.communicate()[1], process.returncode) for process in both]
    assert sorted(code for _, code in ended) in ([0, 0], [0, 1])
    assert all("Another run is seeing to partitions" in told for told, code in ended if code)
    assert make_plan(conn, datetime.now(UTC), tables).steps == []


def test_one_table_that_cannot_be_seen_to_does_not_hold_up_the_others(
    conn: Connection[Any], scene: Scene
) -> None:
    conn.execute(
        "create table trading.trades_odd partition of trading.trades"
        " for values from ('2026-01-10') to ('2026-01-20')"
    )
    plan, outcome = apply(conn)
    assert [problem.parent for problem in plan.problems] == ["trading.trades"]
    assert (
        "trading.trades_odd holds [2026-01-10 00:00, 2026-01-20 00:00)" in plan.problems[0].message
    )
    assert len({step.policy.parent for step in outcome.done}) == len(policies(conn)) - 1


def test_a_policy_for_what_is_no_partitioned_table_is_a_sentence_with_the_fix(
    conn: Connection[Any],
) -> None:
    conn.execute(
        "insert into ops.partition_policy (parent_table, control, partition_interval, datetime_string)"
        " values ('reference.sources', 'created_at', '1 day', 'YYYYMMDD'),"
        " ('market.nothing', 'at', '1 day', 'YYYYMMDD')"
    )
    told = {problem.parent: problem.message for problem in make_plan(conn, END).problems}
    assert "is not partitioned. Nothing was made; delete the row" in told["reference.sources"]
    assert "but no such table. Nothing was made; delete the row" in told["market.nothing"]


def test_a_table_of_its_own_under_a_partitions_name_is_a_problem_with_the_fix(
    conn: Connection[Any],
) -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    conn.execute("create table trading.trades_p20261201 (x int)")
    (problem,) = make_plan(conn, now).problems
    assert "warehouse partitions attach trading.trades trades_p20261201" in problem.message


def test_partitions_go_ahead_of_the_rows_where_the_policy_says_so(
    conn: Connection[Any], scene: Scene
) -> None:
    scene.policy("trading.trades", infinite_time_partitions=False, premake=1)
    scene.months("trading.trades", 2026, 1, 3)
    scene.dimensions()
    scene.trade(1, START)
    now = datetime(2026, 11, 20, tzinfo=UTC)
    assert list(make_plan(conn, now, ["trading.trades"]).steps) == []
    scene.trade(2, END)
    assert [s.name for s in make_plan(conn, now, ["trading.trades"]).steps] == ["trades_p20260401"]
