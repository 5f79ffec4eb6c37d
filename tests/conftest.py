"""The harness: one server a run, one migrated template on it, a clone of that for every test."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex

import pytest
from psycopg import connect, sql

from tests.server import destroy, embedded, named_in_environment, scrub_environment, sweep
from warehouse.access import MAKERS
from warehouse.db.scratch import scratch_database
from warehouse.db.target import Target
from warehouse.jobs import install

# What the controller decided, for xdist's workers to read.
SERVER, TEMPLATE = "TAPEHOUSE_TEST_SERVER", "TAPEHOUSE_TEST_TEMPLATE"
RUN = "TAPEHOUSE_TEST_RUN"
# What `make_roles` gives on a database itself, which no clone keeps.
GRANT = sql.SQL("grant connect, create, temporary on database {} to {}")


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    chosen = named_in_environment()
    scrub_environment()
    os.environ[SERVER] = chosen.conninfo if chosen else ""
    os.environ[TEMPLATE] = f"tapehouse_template_{token_hex(6)}"
    os.environ[RUN] = str(os.getpid())
    sweep()


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    chosen, template = os.environ.pop(SERVER), os.environ.pop(TEMPLATE)
    if not chosen:
        destroy(os.getpid())
        return
    with connect(chosen, autocommit=True) as conn:
        conn.execute(f"drop database if exists {template} with (force)")


@pytest.fixture(scope="session")
def server() -> Target:
    """The run's server, connected to as its administrator."""
    chosen = os.environ[SERVER]
    return Target(chosen or embedded(int(os.environ[RUN])).ensure_running(), "the tests' server")


@pytest.fixture(scope="session")
def template(server: Target, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a migrated, empty database; the first worker to ask makes it."""
    name = os.environ[TEMPLATE]
    with (tmp_path_factory.getbasetemp().parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with connect(**server.keywords(), autocommit=True) as conn:
            there = "select from pg_database where datname = %s"
            if conn.execute(there, [name]).rowcount == 0:
                # Renamed when it is whole, so that no other worker clones half of it.
                conn.execute(f"drop database if exists {name}_half")
                conn.execute(f"create database {name}_half template template0")
                half = server.with_(dbname=f"{name}_half")
                install.make_roles(half)
                install.migrate(half)
                conn.execute(f"alter database {name}_half rename to {name}")
    return name


@contextmanager
def cloned(server: Target, template: str) -> Iterator[Target]:
    """A copy in which the roles may do what they may in the original."""
    with scratch_database(server, template) as target:
        with connect(**server.keywords(), autocommit=True) as conn:
            name = sql.Identifier(target.keywords()["dbname"])
            conn.execute(GRANT.format(name, sql.SQL(", ").join(map(sql.Identifier, MAKERS))))
        yield target


@pytest.fixture
def database(server: Target, template: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    """A migrated, empty database of the test's own; commands find it in the environment."""
    with cloned(server, template) as target:
        monkeypatch.setenv("WAREHOUSE_DATABASE_URL", target.conninfo)
        yield target


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches out of the machine fails at once."""
    connect_really = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(
            ("127.", "::1", "localhost")
        ):
            pytest.fail(f"a test tried to reach {address}")
        connect_really(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)
