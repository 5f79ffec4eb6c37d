"""The PostgreSQL that tests and checks run on: the environment's if it names one, else embedded.

`python -m tests.server COMMAND …` runs a command on such a server and takes it down afterwards.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from shutil import disk_usage, rmtree

from warehouse.db.target import LIBPQ_TARGETS, Target
from warehouse.embedded import Embedded

CHECKOUT = Path(__file__).parents[1]
# In memory where there is much of it: each test clones a database of 1,500 files and drops it again.
MEMORY, ENOUGH = Path("/dev/shm"), 6 << 30  # noqa: S108 - as root, or in a folder of our own
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


def runs() -> Path:
    """The folder of this checkout's runs."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and disk_usage(MEMORY).total >= ENOUGH:
        return MEMORY / f"tapehouse-{sha256(bytes(CHECKOUT)).hexdigest()[:8]}"
    return CHECKOUT / ".warehouse" / "runs"


def embedded(pid: int) -> Embedded:
    """The server of the run with that process id, so that two runs never share one.

    TAPEHOUSE_TEST_BIN chooses other binaries than pg0's.
    """
    chosen = os.environ.get("TAPEHOUSE_TEST_BIN")
    return Embedded(runs() / str(pid), Path(chosen) if chosen else None, OPTIONS)


def sweep() -> None:
    """Take down the servers of runs that were killed."""
    for home in runs().glob("*"):
        if home.name.isdigit() and not Path(f"/proc/{home.name}").exists():
            destroy(int(home.name))


def destroy(pid: int) -> None:
    """Take down the server of a run; nothing is left of it."""
    embedded(pid).destroy()
    rmtree(runs() / str(pid), ignore_errors=True)  # not made where nothing asked for it


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
        destroy(os.getpid())


if __name__ == "__main__":
    with server() as target:
        environment = (
            os.environ | {"WAREHOUSE_DATABASE_URL": target.conninfo} | target.environment()
        )
        sys.exit(subprocess.call(sys.argv[1:], env=environment))
