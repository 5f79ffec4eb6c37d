"""The PostgreSQL that tests and checks run on: the environment's if it names one, else embedded.

`python -m tests.server COMMAND …` runs a command on such a server and takes it down afterwards.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from warehouse.db.target import LIBPQ_TARGETS, Target
from warehouse.embedded import Embedded

CHECKOUT = Path(__file__).parents[1]
RUNS = CHECKOUT / ".warehouse" / "runs"
# Nothing here outlives the run, so nothing needs to reach the disk.
OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "max_connections": "200",
}
SCRUBBED = ("WAREHOUSE_", "PG", "DBT_")


def named_in_environment() -> Target | None:
    """The server that WAREHOUSE_DATABASE_URL or libpq's variables name."""
    url = os.environ.get("WAREHOUSE_DATABASE_URL")
    if url:
        return Target(url, "WAREHOUSE_DATABASE_URL")
    if any(os.environ.get(variable) for variable in LIBPQ_TARGETS):
        from psycopg import connect

        with connect() as conn:
            return Target(conn.info.dsn, "libpq").with_(password=conn.info.password)
    return None


def scrub_environment() -> None:
    """What the developer's shell says must not reach a test."""
    for name in [name for name in os.environ if name.startswith(SCRUBBED)]:
        del os.environ[name]


def embedded(pid: int) -> Embedded:
    """The server of the run with that process id, so that two runs never share one.

    TAPEHOUSE_TEST_BIN chooses other binaries than pg0's.
    """
    chosen = os.environ.get("TAPEHOUSE_TEST_BIN")
    return Embedded(RUNS / str(pid), Path(chosen) if chosen else None, OPTIONS)


def sweep() -> None:
    """Take down the servers of runs that were killed."""
    for home in RUNS.glob("*"):
        if home.name.isdigit() and not Path(f"/proc/{home.name}").exists():
            embedded(int(home.name)).destroy()


@contextmanager
def server() -> Iterator[Target]:
    """A server for the time of a run."""
    target = named_in_environment()
    scrub_environment()
    if target:
        yield target
        return
    sweep()
    own = embedded(os.getpid())
    try:
        yield Target(own.ensure_running(), "the run's embedded server")
    finally:
        own.destroy()


if __name__ == "__main__":
    with server() as target:
        environment = (
            os.environ | {"WAREHOUSE_DATABASE_URL": target.conninfo} | target.environment()
        )
        sys.exit(subprocess.call(sys.argv[1:], env=environment))
