"""A warehouse with a handful of rows, and a copy of the dbt project that a test may change."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from psycopg import connect, sql

from tests.server import CHECKOUT
from warehouse.access import BUILD
from warehouse.db.target import Target

Edit = Callable[..., None]
ROWS = (Path(__file__).parent / "rows.sql").read_text()


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where dbt writes; a worker's builds share it, so that they parse the project once."""
    return tmp_path_factory.mktemp("dbt")


@pytest.fixture(autouse=True)
def _state_of_the_test(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_HOME", str(written))


@pytest.fixture
def desk(database: Target) -> Target:
    """Two accounts, a share, an option and a share without a price."""
    with connect(**database.keywords()) as conn:
        name = sql.Identifier(conn.info.dbname)
        grant = sql.SQL("grant create, temporary on database {} to {}")
        conn.execute(grant.format(name, sql.Identifier(BUILD)))
        conn.execute(ROWS)
    return database


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project."""
    ignored = shutil.ignore_patterns("target", "logs")
    return Path(shutil.copytree(CHECKOUT / "dbt", tmp_path / "project", ignore=ignored))


@pytest.fixture
def edit(project: Path) -> Edit:
    """Changes a file of the project's copy: `edit("marts/…/x.sql", ("old", "new"))`."""

    def change(name: str, *replacements: tuple[str, str]) -> None:
        path = project / "models" / name
        text = path.read_text()
        for old, new in replacements:
            assert old in text, f"{name} has no {old!r}"
            text = text.replace(old, new)
        path.write_text(text)

    return change


@contextmanager
def polled(target: Target, statement: str) -> Iterator[set[tuple[Any, ...]]]:
    """Reads again and again from beginning to end; all the answers that there were."""
    answers: set[tuple[Any, ...]] = set()
    stop = Event()

    def read() -> None:
        with connect(**target.keywords(), autocommit=True) as conn:
            while not stop.is_set():
                answers.update(conn.execute(statement.encode()).fetchall())

    with ThreadPoolExecutor() as pool:
        reader = pool.submit(read)
        try:
            yield answers
        finally:
            stop.set()
        reader.result(timeout=30)
