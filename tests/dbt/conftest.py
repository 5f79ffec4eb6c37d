"""A warehouse with a handful of rows, and a copy of the dbt project that a test may change."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from psycopg import connect

from tests.conftest import cloned
from tests.server import CHECKOUT
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


def furnish(target: Target) -> None:
    """Two accounts, a share, an option and a share without a price."""
    with connect(**target.keywords()) as conn:
        conn.execute(ROWS)


@pytest.fixture
def desk(server: Target, template: str) -> Iterator[Target]:
    with cloned(server, template) as target:
        furnish(target)
        yield target


@contextmanager
def prepared(
    server: Target, template: str, written: Path, prepare: Callable[[Target], object]
) -> Iterator[str]:
    """The name of a database with the desk and what `prepare` makes of it, for a module's tests to clone."""
    with cloned(server, template) as target, pytest.MonkeyPatch.context() as patch:
        patch.setenv("WAREHOUSE_HOME", str(written))
        furnish(target)
        prepare(target)
        yield str(target.keywords()["dbname"])


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
