"""`warehouse bench` measures on a server of its own and leaves nothing of it."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from psycopg import connect
from typer.testing import CliRunner

from bench.measure import Bench, Result, Scale
from bench.plans import Explained
from bench.suite import own_server
from warehouse import cli
from warehouse.cli import bench as command
from warehouse.db.target import Target, primary
from warehouse.embedded.lock import exclusive
from warehouse.errors import BusyError

run = CliRunner()


def test_what_would_be_measured_is_listed() -> None:
    rows = json.loads(run.invoke(cli.app, ["bench", "--dry-run", "--json"]).output)
    assert {"ingest", "rollups", "newcomer", "mixed"} <= {row["workload"] for row in rows}
    some = json.loads(
        run.invoke(cli.app, ["bench", "--dry-run", "--json", "--only", "partitions"]).output
    )
    assert {row["workload"].partition("_")[0] for row in some} == {"partitions"}


def test_every_workload_that_is_listed_can_be_measured() -> None:
    from bench.workloads import WORKLOADS, load

    for name in WORKLOADS:
        assert callable(load(name)), name


@pytest.mark.parametrize(
    "arguments", [["--report", "figures.pdf"], ["--report", "no-such-folder/figures.md"]]
)
def test_a_report_that_could_not_be_written_is_refused_before_anything_is_measured(
    arguments: list[str],
) -> None:
    assert run.invoke(cli.app, ["bench", "--dry-run", *arguments]).exit_code == 2


def test_an_installation_without_measurements_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(command, "CHECKOUT", tmp_path)
    outcome = run.invoke(cli.app, ["bench", "--dry-run"])
    assert isinstance(outcome.exception, command.NoBench)


@pytest.fixture
def short(server: Target, template: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A bench on the tests' server and its migrated template, of few rows; its home."""

    @contextmanager
    def on_it(*_: object) -> Iterator[Target]:
        yield server

    @contextmanager
    def of_it(_: Target, scale: Scale, tell: Callable[[str], None]) -> Iterator[Bench]:
        yield Bench(server, template, scale, tell)

    monkeypatch.setenv("WAREHOUSE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("bench.suite.own_server", on_it)
    monkeypatch.setattr("bench.suite.bench_on", of_it)
    monkeypatch.setattr("bench.storage.ROWS", (20_000, 20_000))
    return tmp_path


def test_one_workload_from_the_command_to_every_report(short: Path) -> None:
    paths = [short / f"figures{ending}" for ending in (".md", ".html", ".json")]
    reports = [word for path in paths for word in ("--report", str(path))]
    outcome = run.invoke(cli.app, ["bench", "--only", "storage", *reports])
    assert outcome.exit_code == 0, outcome.output
    text, page, records = (path.read_text() for path in paths)
    assert "trading.trades, Parquet" in text
    assert "- PostgreSQL: 1" in text
    assert "shared_buffers" in page
    assert all(each["ratio"] for each in json.loads(records))


def test_a_workload_that_fails_is_told_and_the_others_are_measured(
    short: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Bench) -> Iterator[Result]:
        yield Result("one figure", "s", [1])
        raise OSError("the disk is full")

    monkeypatch.setattr("bench.mixed.measure", full)
    monkeypatch.setattr("bench.storage.measure", lambda _: iter([Result("another", "s", [2])]))
    outcome = run.invoke(cli.app, ["bench", "--only", "storage", "--only", "mixed"])
    assert outcome.exit_code == 1
    assert "| another | s | 2 |" in outcome.output
    assert "| one figure | s | 1 |" in outcome.output
    assert "It ended early: OSError: the disk is full" in outcome.output


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        (
            "mart marts.portfolio_exposure",
            0,
            "known: mart marts.portfolio_exposure: spills; groups",
        ),
        ("report trades", 1, "error: report trades: spills"),
    ],
)
def test_a_plan_that_does_what_none_should_fails_unless_it_is_known_why(
    database: Target, monkeypatch: pytest.MonkeyPatch, name: str, code: int, said: str
) -> None:
    monkeypatch.setattr("bench.plans.explained", lambda _: [Explained(name, [], ["spills"])])
    outcome = run.invoke(cli.app, ["bench", "plans", "--here"])
    assert outcome.exit_code == code
    assert said in outcome.stderr


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    with exclusive(tmp_path / "bench.lock", 0), pytest.raises(BusyError):
        own_server(tmp_path / "bench").__enter__()


@pytest.mark.slow
def test_its_server_is_its_own_and_nothing_is_left_of_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PGHOST", "elsewhere.invalid")
    before, home = dict(os.environ), tmp_path / "bench"
    with own_server(home) as target:
        assert "PGHOST" not in os.environ
        assert primary().keywords()["port"] == target.keywords()["port"]
        with connect(**target.keywords()) as conn:
            assert conn.execute("show shared_buffers").fetchone() != ("128MB",)
            assert conn.execute("show fsync").fetchone() == ("off",)
    assert dict(os.environ) == before
    assert not home.exists()
