"""The commands print what programs and people need, and end with the code that schedulers read."""

import json
from typing import Any

import pytest
from psycopg import Connection

from tests.partitions.conftest import Scene, warehouse
from warehouse.partitions.policy import policies


def test_the_printed_sql_does_what_apply_does(conn: Connection[Any]) -> None:
    printed = warehouse("plan", "--sql")
    assert printed.returncode == 0
    conn.execute(printed.stdout)
    after = json.loads(warehouse("plan", "--json").stdout)
    assert after == {"steps": [], "blocked": [], "problems": []}


def test_a_plan_is_the_same_as_table_and_json_and_does_nothing(conn: Connection[Any]) -> None:
    found = json.loads(warehouse("plan", "trading.trades", "--json").stdout)
    told = warehouse("apply", "trading.trades", "--dry-run").stdout
    assert [step["step"] for step in found["steps"]] == ["create"] * 5
    assert all(step["partition"] in told for step in found["steps"])
    made = "select from pg_class where relname like 'trades_p2%' and relispartition"
    assert conn.execute(made).rowcount == 0


def test_the_past_is_made_for_a_backfill(conn: Connection[Any], scene: Scene) -> None:
    warehouse("apply", "audit.events")
    done = warehouse("apply", "trading.trades", "--from", "2020-01-01", "--to", "2020-03-01")
    assert done.returncode == 0, done.stderr
    assert scene.partitions("trading.trades")[:2] == ["trades_p20200101", "trades_p20200201"]


def test_a_policy_is_set_and_a_hold_placed_listed_and_released(conn: Connection[Any]) -> None:
    warehouse("apply", "audit.events")
    said = warehouse("set", "trading.trades", "--retention", "7 years", "--interval", "quarter")
    assert said.stdout == "trading.trades is at version 2 of its policy.\n"
    assert warehouse("set", "trading.trades", "--retention", "none").returncode == 0
    placed = warehouse("hold", "trading.trades", "--from", "2024-01-01", "--reason", "case 17")
    assert placed.stdout == "Hold 1 is placed.\n"
    (hold,) = json.loads(warehouse("hold", "--json").stdout)
    assert (hold["parent"], hold["reason"], hold["time_to"]) == ("trading.trades", "case 17", None)
    assert warehouse("hold", "--release", "1").returncode == 0
    assert warehouse("hold").stdout == "Nothing is held.\n"


@pytest.mark.usefixtures("database")
def test_an_unknown_table_is_one_line_with_the_fix() -> None:
    for words in (
        ("list", "trading.trads"),
        ("plan", "trading.trads"),
        ("apply", "trading.trads"),
        ("check", "trading.trads"),
        ("set", "trading.trads", "--premake", "2"),
        ("detach", "trading.trads", "x"),
        ("attach", "trading.trads", "x"),
        ("drop", "trading.trads", "x"),
        ("hold", "trading.trads", "--reason", "case 17"),
    ):
        told = warehouse(*words)
        assert told.returncode == 1, words
        assert told.stderr.count("\n") == 1, words
        assert "There is no table trading.trads. Did you mean trading.trades?" in told.stderr


def test_an_archive_is_named_by_its_number_or_its_partition(scene: Scene) -> None:
    scene.months("trading.trades", 2026, 1, 1)
    scene.archived("trading.trades", 2026, 1)
    named = "trading.trades", "trades_p20260101"
    for words in (("1",), named):
        (told,) = json.loads(warehouse("verify", *words, "--json").stdout)
        assert (told["archive"], told["state"]) == (1, "verified")
        assert "nothing was restored" in warehouse("restore", *words).stderr
    missing = warehouse("restore", "trading.trades", "trades_p20260201")
    assert "There is no archive of trades_p20260201 of trading.trades" in missing.stderr
    assert warehouse("restore", "trading.trades").returncode == 2


def test_one_table_can_be_checked_alone(scene: Scene) -> None:
    told = warehouse("check", "market.bars", "--json")
    assert [each["table"] for each in json.loads(told.stdout)] == ["market.bars"]
    assert told.returncode == 1


def test_a_problem_with_one_table_ends_with_1_after_the_others_are_done(
    conn: Connection[Any], scene: Scene
) -> None:
    conn.execute(
        "create table trading.trades_odd partition of trading.trades"
        " for values from ('2026-01-10') to ('2026-01-20')"
    )
    told = warehouse("apply", "--json")
    assert told.returncode == 1
    assert "trading.trades_odd holds" in told.stderr
    others = {policy.parent for policy in policies(conn)} - {"trading.trades"}
    assert {step["table"] for step in json.loads(told.stdout)["steps"]} == others
