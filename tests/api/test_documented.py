"""The documented API is the served one: schemathesis tries what the document allows and what it forbids."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from psycopg import Connection

from tests.api.test_server import free_port, process, wait_until_live
from warehouse.db.target import Target
from warehouse.partitions.apply import apply_ahead

HERE = Path(__file__).parent
EXAMPLES = 3  # of each operation, beside those that cover each constraint of each parameter


@pytest.mark.slow
def test_all_of_its_checks_find_nothing(
    served: Target, world: None, key: str, conn: Connection[Any], tmp_path: Path
) -> None:
    apply_ahead(conn)  # or it is not ready, and says so
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with process(served, port, subprocess.DEVNULL) as api, httpx.Client(base_url=base) as client:
        wait_until_live(client, api)
        run = subprocess.run(
            [
                *(str(Path(sys.executable).parent / "schemathesis"),),
                *("--config-file", str(HERE / "schemathesis.toml"), "run", f"{base}/openapi.json"),
                *("--header", f"Authorization: Bearer {key}", "--checks", "all"),
                *("--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES)),
                *("--seed", "1", "--generation-database", "none", "--no-color"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    told = "\n".join(line[:300] for line in run.stdout.splitlines())
    assert run.returncode == 0, told
    assert "failures" not in told.lower(), told
