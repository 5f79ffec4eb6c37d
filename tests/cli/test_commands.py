"""The `warehouse` command: what it prints, what it exits with, and how it fails."""

import json
import logging
import socket
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from psycopg import connect
from typer.main import get_command

from warehouse import cli
from warehouse.db import server as server_module
from warehouse.db.scratch import scratch_database
from warehouse.db.target import Target
from warehouse.errors import ConnectionFailed


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process."""

    logger = logging.getLogger("warehouse")
    monkeypatch.setattr(logger, "level", logger.level)  # --verbose must not outlive the test

    def call(*arguments: str) -> Outcome:
        monkeypatch.setattr("sys.argv", ["warehouse", *arguments])
        with pytest.raises(SystemExit) as stop:
            cli.main()
            raise SystemExit(0)
        captured = capsys.readouterr()
        return Outcome(int(stop.value.code or 0), captured.out, captured.err)

    return call


def commands() -> Iterator[tuple[str, ...]]:
    def walk(command: object, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        children = getattr(command, "commands", None)
        if children is None:
            yield path
        else:
            for name, child in children.items():
                yield from walk(child, (*path, name))

    yield from walk(get_command(cli.app), ())


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_every_commands_help_shows_an_example(run: Run, path: tuple[str, ...]) -> None:
    outcome = run(*path, "--help")
    assert outcome.code == 0
    assert "Example:" in outcome.out
    assert "--install-completion" not in outcome.out


def test_wrong_usage_exits_with_2(run: Run) -> None:
    assert run("demo", "load", "--scale", "gigantic").code == 2
    assert run("no-such-command").code == 2


def test_json_is_printed_for_programs(run: Run, database: Target) -> None:
    rows = json.loads(run("partitions", "list", "--json").out)
    assert {"table", "interval", "partitions", "from", "to"} <= set(rows[0])
    plan = json.loads(run("partitions", "plan", "--json").out)["steps"]
    made = json.loads(run("partitions", "apply", "--json").out)["steps"]
    assert plan == made != []
    assert json.loads(run("partitions", "plan", "--json").out)["steps"] == []


def test_migrate_has_nothing_to_do_on_a_migrated_database(run: Run, database: Target) -> None:
    assert run("migrate", "--dry-run").out == "Nothing to migrate.\n"
    assert run("migrate").out == "Nothing to migrate.\n"


def test_a_dry_run_migrates_nothing(
    run: Run, server: Target, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scratch_database(server) as empty:
        monkeypatch.setenv("WAREHOUSE_DATABASE_URL", empty.conninfo)
        assert "schemas" in run("migrate", "--dry-run").out
        with connect(**empty.keywords()) as conn:
            assert conn.execute("select to_regnamespace('trading')").fetchone() == (None,)


def test_the_offline_sql_needs_no_server(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nowhere")
    assert "CREATE TABLE trading.trades" in run("migrate", "--sql").out


def test_the_url_opens_the_database(run: Run, database: Target) -> None:
    url = run("db", "url").out.strip()
    with connect(url) as conn:
        assert conn.info.dbname == database.keywords()["dbname"]


def test_a_healthy_installation_has_nothing_to_mend(run: Run, database: Target) -> None:
    run("partitions", "apply")
    findings = json.loads(run("doctor", "--json").out)
    wrong = [finding for finding in findings if finding["state"] == "fail"]
    assert wrong == []


# -- bad input -------------------------------------------------------------------------------------


def one_line_error(outcome: Outcome) -> str:
    assert outcome.code == 1
    assert outcome.err.startswith("error: ")
    assert outcome.err.count("\n") == 1
    assert "Traceback" not in outcome.err
    return outcome.err


def test_an_unreachable_server_is_one_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    monkeypatch.setenv("WAREHOUSE_DATABASE_URL", f"postgresql://x@127.0.0.1:{port}/x")
    assert str(port) in one_line_error(run("migrate"))
    assert run("doctor").code == 1


def test_a_wrong_dsn_names_the_variable(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_DATABASE_URL", "warehouse at localhost")
    assert "WAREHOUSE_DATABASE_URL" in one_line_error(run("migrate"))


def test_a_missing_database_is_named(
    run: Run, server: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_DATABASE_URL", server.with_(dbname="missing_one").conninfo)
    assert "missing_one" in one_line_error(run("migrate"))


def test_a_server_too_old_is_refused(
    run: Run, database: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "OLDEST", 99)
    assert "needs 99 or newer" in one_line_error(run("migrate"))


def test_missing_roles_name_the_command_that_makes_them(
    run: Run, server: Target, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect(**server.keywords(), autocommit=True) as conn:
        conn.execute("drop role if exists unprivileged_test_login")
        conn.execute("create role unprivileged_test_login login password 'x'")
    with scratch_database(server) as empty:
        login = empty.with_(user="unprivileged_test_login", password="x")
        monkeypatch.setenv("WAREHOUSE_DATABASE_URL", login.conninfo)
        error = one_line_error(run("migrate"))
    assert "warehouse roles ensure" in error


def test_a_server_without_the_roles_names_the_one_and_the_command(
    run: Run, server: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.access.OWNER", "missing_owner")
    with scratch_database(server) as empty:
        monkeypatch.setenv("WAREHOUSE_DATABASE_URL", empty.conninfo)
        error = one_line_error(run("migrate"))
    assert 'role "missing_owner" does not exist' in error
    assert "warehouse roles ensure" in error


def test_a_database_ahead_of_the_code_is_left_alone(run: Run, database: Target) -> None:
    with connect(**database.keywords()) as conn:
        conn.execute("update alembic_version set version_num = 'tomorrow'")
    assert "it is ahead" in one_line_error(run("migrate"))


def test_no_server_at_all_says_how_to_get_one(
    run: Run, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_HOME", str(tmp_path))
    assert "make up" in one_line_error(run("migrate"))


def test_verbose_shows_the_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_DATABASE_URL", "warehouse at localhost")
    with pytest.raises(ConnectionFailed, match="no connection string"):
        run("--verbose", "migrate")


def test_the_version_is_printed(run: Run) -> None:
    assert run("--version").out.startswith("tapehouse ")


def test_an_interrupted_command_says_that_it_can_be_run_again(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("warehouse.cli.migrate.plan", interrupt)
    monkeypatch.setenv("WAREHOUSE_DATABASE_URL", "postgresql://127.0.0.1/x")
    outcome = run("migrate", "--dry-run")
    assert outcome.code == 130
    assert "goes on from there" in outcome.err


@pytest.mark.parametrize("option", [("--seed", "-1"), ("--until", "1900-01-01"), ("--until", "x")])
def test_a_demo_that_cannot_be_is_wrong_usage(run: Run, option: tuple[str, str]) -> None:
    assert run("demo", "load", *option).code == 2
