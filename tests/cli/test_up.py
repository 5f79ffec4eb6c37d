"""`warehouse up` from nothing, over what a killed run left, and a second time."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from warehouse.cli.up import KEY_FILE, plan
from warehouse.demo import ScaleName

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

COMMAND = (sys.executable, "-m", "warehouse")
STEPS = [step.name for step in plan(Path(), ScaleName.TINY)]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A state folder and a free port; what was started there is taken down at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    found = os.environ | {
        "WAREHOUSE_HOME": str(tmp_path_factory.mktemp("home")),
        "WAREHOUSE_API_PORT": str(port),
    }
    yield found
    warehouse(found, "down", "--destroy")


def warehouse(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def kill_during(environment: Mapping[str, str], step: str, how: signal.Signals) -> None:
    """Start `up` and kill it as soon as it says that it is at the step."""
    with subprocess.Popen(
        [*COMMAND, "up", "--scale", "tiny"],
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        assert process.stdout
        seen = b""
        while f"] {step}".encode() not in seen:
            piece = os.read(process.stdout.fileno(), 4096)
            assert piece, seen.decode()
            seen += piece
        os.killpg(process.pid, how)


def get(environment: Mapping[str, str], path: str) -> dict[str, object]:
    address = f"http://127.0.0.1:{environment['WAREHOUSE_API_PORT']}{path}"
    key = Path(environment["WAREHOUSE_HOME"], KEY_FILE).read_text()
    with urlopen(
        Request(address, headers={"Authorization": f"Bearer {key}"}), timeout=10
    ) as answer:
        body: dict[str, object] = json.load(answer)
    return body


def test_killed_at_every_step_and_run_again_it_stands(environment: dict[str, str]) -> None:
    for number, step in enumerate(STEPS):
        kill_during(environment, step, signal.SIGKILL if number % 2 else signal.SIGINT)
    outcome = warehouse(environment, "up", "--scale", "tiny")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert f"[{len(STEPS)}/{len(STEPS)}]" in outcome.stdout
    assert "/docs" in outcome.stdout
    assert get(environment, "/health/ready")["ready"] is True
    assert get(environment, "/v1/market/instruments?limit=1")["data"]


def test_a_second_run_changes_nothing(environment: dict[str, str]) -> None:
    counts = "select count(*) from audit.events where table_schema not in ('audit', 'ops')"
    before = warehouse(environment, "db", "psql", "-Atc", counts).stdout
    outcome = warehouse(environment, "up", "--scale", "tiny")
    assert outcome.returncode == 0
    for words in ("all in place", "up to date", "all there", "already loaded", "unchanged"):
        assert words in outcome.stdout
    assert "in api.key" in outcome.stdout
    assert "was running" in outcome.stdout
    assert warehouse(environment, "db", "psql", "-Atc", counts).stdout == before


def test_another_demo_is_refused_and_the_first_is_kept(environment: dict[str, str]) -> None:
    outcome = warehouse(environment, "demo", "load", "--scale", "tiny", "--seed", "2")
    assert outcome.returncode == 1
    assert "another demo data set" in outcome.stderr


def test_up_over_other_data_leaves_it_alone_and_serves_it(environment: dict[str, str]) -> None:
    outcome = warehouse(environment, "up", "--scale", "small", "--json")
    assert outcome.returncode == 0
    steps = {step["step"]: step["outcome"] for step in json.loads(outcome.stdout)["steps"]}
    assert steps["demo"] == "left out: the warehouse holds other data"


def test_a_port_in_use_is_named_with_the_way_on(environment: dict[str, str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        outcome = warehouse(environment | {"WAREHOUSE_API_PORT": port}, "serve")
    assert outcome.returncode == 1
    assert outcome.stderr.startswith(f"error: Port {port} on 127.0.0.1 is in use")
    assert "WAREHOUSE_API_PORT" in outcome.stderr


def test_two_at_once_one_works_and_one_says_so(environment: dict[str, str]) -> None:
    with (Path(environment["WAREHOUSE_HOME"]) / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        outcome = warehouse(environment, "up", "--scale", "tiny")
    assert outcome.returncode == 1
    assert "Another `warehouse up` is under way" in outcome.stderr


def test_down_stops_everything_and_up_finds_the_data_again(environment: dict[str, str]) -> None:
    assert warehouse(environment, "down").returncode == 0
    status = json.loads(warehouse(environment, "status", "--json").stdout)
    assert status["api"] is None
    assert status["database"] is None
    assert warehouse(environment, "down").returncode == 0
    outcome = warehouse(environment, "up", "--scale", "tiny")
    assert "already loaded" in outcome.stdout
