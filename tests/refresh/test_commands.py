"""The commands say what was done, and exit with 1 where something failed or differs."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.refresh.conftest import Desk, at
from warehouse import cli

Command = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs a command in this process: its exit code, its JSON, and what it complained of."""

    def call(*arguments: str) -> tuple[int, Any, str]:
        monkeypatch.setattr("sys.argv", ["warehouse", *arguments, "--json"])
        with pytest.raises(SystemExit) as stop:
            cli.main()
            raise SystemExit(0)
        said = capsys.readouterr()
        return int(stop.value.code or 0), json.loads(said.out or "null"), said.err

    return call


def test_refresh_does_what_its_dry_run_announces(desk: Desk, command: Command) -> None:
    desk.trade(1, at("03-05"))
    _, announced, _ = command("refresh", "--dry-run")
    assert [(s["relation"], s["scope_from"][:10], s["scope_keys"]) for s in announced] == [
        ("rolled.flows", "2026-03-05", [1]),
        ("rolled.newest", "-infinity", [1]),
    ]
    code, done, _ = command("refresh", "--only", "flows")
    assert (code, [run["relation"] for run in done]) == (0, ["rolled.flows"])
    assert command("refresh", "--only", "flows")[1] == []


def test_a_name_that_is_none_is_refused(desk: Desk, command: Command) -> None:
    code, _, said = command("refresh", "--only", "flaws")
    assert code == 1
    assert "flaws: no such rollup" in said


NIGHTLY = """
    create schema marts authorization warehouse_build;
    set role warehouse_build;
    create materialized view marts.portfolio_risk as select count(*) as n from rolled.flows;
    create unique index on marts.portfolio_risk (n);
    create materialized view marts.portfolio_exposure as select count(*) as n from rolled.totals;
    create unique index on marts.portfolio_exposure (n);
    reset role;
"""


def test_nightly_computes_risk_and_then_the_rest(desk: Desk, command: Command) -> None:
    code, _, said = command("nightly")
    assert code == 1
    assert "marts.portfolio_exposure, marts.portfolio_risk: not built yet" in said
    desk.conn.execute(NIGHTLY)
    desk.trade(1, at("03-05"))
    code, done, _ = command("nightly")
    assert code == 0
    order = [run["relation"] for run in done]
    assert order.index("marts.portfolio_risk") < order.index("rolled.holdings")
    assert desk.rows("select n from marts.portfolio_risk") == [(1,)]


def test_marts_tells_how_far_each_is_behind(desk: Desk, command: Command) -> None:
    def lags() -> dict[str, Any]:
        return {row["relation"]: row["lag"] for row in command("marts")[1]}

    assert set(lags().values()) == {None}
    desk.trade(1, at("03-05"))
    assert {name for name, lag in lags().items() if lag} == {"rolled.flows", "rolled.newest"}
    assert command("refresh")[0] == 0
    (flows,) = (r for r in command("marts")[1] if r["relation"] == "rolled.flows")
    assert (flows["lag"], flows["last_state"]) == (None, "done")
    assert flows["bytes"] > 0


def test_verify_fails_on_a_difference_and_names_it(desk: Desk, command: Command) -> None:
    desk.trade(1, at("03-05"))
    assert command("verify")[0] == 0
    desk.builder.execute("update rolled.newest set price = 0")
    code, found, said = command("verify")
    assert code == 1
    assert {r["relation"] for r in found if r["difference_count"]} == {"rolled.newest"}
    assert "rolled.newest: rows differ from their query" in said


def test_a_failing_rollup_is_named(desk: Desk, command: Command) -> None:
    desk.builder.execute("drop view rolled.totals_logic")
    desk.trade(1, at("03-05"))
    code, done, said = command("refresh")
    assert code == 1
    assert "rolled.totals: " in said
    assert "rolled.holdings" in {run["relation"] for run in done}


def test_follow_keeps_up_until_it_is_told_to_stop(desk: Desk) -> None:
    command = [sys.executable, "-m", "warehouse", "refresh", "--follow", "--every", "0.1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as program:
        assert program.stdout
        for account in (1, 2):
            desk.trade(account, at("03-05"))
            said = program.stdout.readline()
            while "rolled.holdings" not in said:
                said = program.stdout.readline()
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=20) == 0
    assert desk.rows("select count(*) from rolled.holdings") == [(2,)]
