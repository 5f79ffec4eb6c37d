"""The served API as a process: it says what it does in JSON lines and stops without dropping anyone."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from psycopg import connect

from api.settings import ServerSettings
from warehouse.db.target import Target

ROUTE = "/v1/market/instruments"


@contextmanager
def process(
    target: Target, port: int, output: int = subprocess.PIPE, **more: str
) -> Iterator[subprocess.Popen[str]]:
    environment = {
        **os.environ,
        "WAREHOUSE_DATABASE_URL": target.conninfo,
        "WAREHOUSE_API_PORT": str(port),
        **more,
    }
    served = subprocess.Popen(
        [sys.executable, "-m", "api"],
        env=environment,
        stdout=output,
        stderr=output,
        text=True,
    )
    try:
        yield served
    finally:
        served.kill()
        served.communicate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def wait_until_live(client: httpx.Client, served: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and served.poll() is None:
        try:
            if client.get("/health/live").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"the API did not start: {served.communicate(timeout=1)}")


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_request_is_logged_and_one_that_runs_is_finished_before_the_end(
    served: Target, key: str
) -> None:
    port = free_port()
    with (
        process(served, port) as api,
        httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {key}"}
        ) as client,
        ThreadPoolExecutor() as threads,
        connect(**served.keywords()) as conn,
    ):
        wait_until_live(client, api)
        assert (
            client.get(ROUTE, headers={"X-Request-Id": "mine-1"}).headers["x-request-id"]
            == "mine-1"
        )
        replaced = client.get("/nothing", headers={"X-Request-Id": 'a"b c'}).headers["x-request-id"]
        assert replaced.isalnum()

        conn.execute("lock table reference.instruments")
        running = threads.submit(client.get, ROUTE, timeout=10)
        time.sleep(0.3)
        api.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        conn.rollback()
        assert running.result().status_code == 200
        output, errors = api.communicate(timeout=60)

    assert errors == ""
    requests = [line for line in lines(output) if line["logger"] == "api.access"]
    named = {line["request_id"]: line for line in requests}
    assert {k: named["mine-1"][k] for k in ("method", "path", "route", "status", "level")} == {
        "method": "GET",
        "path": ROUTE,
        "route": ROUTE,
        "status": 200,
        "level": "info",
    }
    assert named["mine-1"]["milliseconds"] > 0
    assert (named[replaced]["path"], named[replaced]["status"]) == ("/nothing", 404)
    assert requests[-1]["status"] == 200


def test_workers_share_the_port_and_end_together(served: Target, key: str) -> None:
    port = free_port()
    with (
        process(served, port, WAREHOUSE_API_WORKERS="2") as api,
        httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {key}"}
        ) as client,
    ):
        wait_until_live(client, api)
        assert {client.get(ROUTE).status_code for _ in range(10)} == {200}
        assert f'tapehouse_request_seconds_count{{route="{ROUTE}",status="200"}} 10.0' in (
            client.get("/metrics").text
        )
        api.send_signal(signal.SIGTERM)
        _, errors = api.communicate(timeout=20)
        with pytest.raises(httpx.ConnectError):
            client.get("/health/live")
    assert (api.returncode, errors) == (0, "")


def test_what_keeps_it_from_starting_is_one_sentence(served: Target) -> None:
    with connect(**served.keywords()) as conn:
        conn.execute("drop function api.readiness")
    with process(served, free_port()) as api:
        output, errors = api.communicate(timeout=30)
    assert api.returncode == 1
    assert errors.startswith("error: The database's report functions are not those of this code")
    assert errors.count("\n") == 1
    assert "Traceback" not in output


def test_a_port_in_use_is_said_in_a_sentence(served: Target) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        process(served, taken.getsockname()[1]) as api,
    ):
        _, errors = api.communicate(timeout=30)
    assert api.returncode == 1
    assert "choose another: WAREHOUSE_API_PORT" in errors
    assert errors.count("\n") == 1


def test_a_setting_out_of_range_is_named(served: Target) -> None:
    with process(served, 99_999) as api:
        _, errors = api.communicate(timeout=30)
    assert errors.startswith("error: WAREHOUSE_API_PORT: ")
    assert errors.count("\n") == 1


def test_the_grace_is_shorter_than_what_a_stop_waits_for() -> None:
    from warehouse.cli.serve import STOP_SECONDS

    assert ServerSettings().shutdown_grace < STOP_SECONDS
