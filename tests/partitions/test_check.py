"""Headroom is a number, and the command's exit code says whether someone must act."""

import json
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg import Connection
from psycopg.errors import LockNotAvailable

from tests.partitions.conftest import Scene, Session, month, warehouse
from warehouse.partitions import holds
from warehouse.partitions.apply import apply
from warehouse.partitions.check import Health, check
from warehouse.partitions.policy import policy_of

TRADES = "trading.trades"
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def health(conn: Connection[Any], now: datetime = NOW, table: str = TRADES) -> Health:
    return next(each for each in check(conn, now) if each.table == table)


def test_headroom_counts_to_the_first_hole(conn: Connection[Any], scene: Scene) -> None:
    scene.months(TRADES, 2026, 11, 12)
    scene.months(TRADES, 2027, 2, 3)
    found = health(conn)
    assert (found.headroom_days, found.missing) == (42.0, 1)
    assert found.ends_at == month(2027, 4)


def test_no_partition_for_now_is_an_emergency(conn: Connection[Any], scene: Scene) -> None:
    scene.months(TRADES, 2026, 9, 10)
    found = health(conn)
    assert found.headroom_days == 0
    assert found.act == ["a row of now has nowhere to go; run `warehouse partitions apply`"]


def test_someone_must_act_when_half_of_what_is_kept_ready_is_missing(
    conn: Connection[Any], scene: Scene
) -> None:
    scene.months(TRADES, 2026, 11, 13)
    assert health(conn).act == []
    assert health(conn, month(2026, 12)).act == [
        "3 partitions are missing; run `warehouse partitions apply`"
    ]


def test_rows_in_a_default_partition_are_counted(conn: Connection[Any], scene: Scene) -> None:
    scene.dimensions()
    scene.months(TRADES, 2026, 11, 15)
    conn.execute("create table trading.trades_default partition of trading.trades default")
    scene.trade(1, month(2020, 1))
    found = health(conn)
    assert found.homeless_rows == 1
    assert found.act == ["1 rows wait in trades_default"]


def test_a_detach_left_pending_is_counted(
    conn: Connection[Any], scene: Scene, session: Session
) -> None:
    scene.months(TRADES, 2026, 10, 15)
    reader = session()
    reader.autocommit = False
    reader.execute("select count(*) from trading.trades")
    conn.execute("set lock_timeout = '50ms'")
    with pytest.raises(LockNotAvailable):
        conn.execute(
            "alter table trading.trades detach partition trading.trades_p20261001 concurrently"
        )
    assert health(conn).pending == 1
    assert "left pending" in health(conn).act[0]


def test_what_is_overdue_says_which_gate_keeps_it(conn: Connection[Any], scene: Scene) -> None:
    scene.months(TRADES, 2024, 9, 39)
    scene.policy(TRADES, retention="2 years")
    found = health(conn)
    assert found.retention_lag_days == 50.0
    assert "archive: there is none; run `warehouse partitions archive" in found.act[0]


def test_what_is_held_on_purpose_is_nobodys_task(conn: Connection[Any], scene: Scene) -> None:
    scene.months("audit.events", 2026, 11, 15)
    scene.months(TRADES, 2024, 9, 39)
    scene.policy(TRADES, retention="2 years")
    for number in (9, 10):
        scene.archived(TRADES, 2024, number)
    holds.place(conn, policy_of(conn, TRADES), (None, None), "case 17")
    found = health(conn)
    assert found.retention_lag_days == 50.0
    assert found.act == []


def test_the_exit_code_says_whether_someone_must_act(conn: Connection[Any]) -> None:
    before = warehouse("check", "--json")
    assert before.returncode == 1
    assert json.loads(before.stdout)[0]["act"]
    apply(conn)
    after = warehouse("check")
    assert (after.returncode, after.stderr) == (0, "")


@pytest.mark.slow
def test_a_watch_works_until_it_is_told_to_stop(conn: Connection[Any]) -> None:
    watch = ["apply", "audit.events", TRADES, "--watch", "--every", "60"]
    command = [sys.executable, "-m", "warehouse", "partitions", *watch]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        left = "select bool_and(state = 'done') is not true from ops.partition_runs"
        deadline = time.monotonic() + 60
        while conn.execute(left).fetchone() == (True,) and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, told) == (0, "")
    assert health(conn, datetime.now(UTC)).act == []


def test_the_ranges_of_each_partition_are_reported(conn: Connection[Any], scene: Scene) -> None:
    scene.months(TRADES, 2026, 11, 11)
    found = health(conn)
    assert {each.column_name for each in found.brin} == {"executed_at", "event_id"}
    assert {each.partition for each in found.brin} == {"trades_p20261101"}
    told = json.loads(warehouse("check", "--json").stdout)
    (trades,) = [each for each in told if each["table"] == TRADES]
    assert [each["column_name"] for each in trades["brin"]] == ["event_id", "executed_at"]
    assert "executed_at" in warehouse("check", "--brin").stdout
