"""What the tests of sessions share: engines that end with the test, and a row to quarrel over."""

from collections.abc import AsyncIterator, Callable, Iterator
from time import monotonic, sleep

import pytest

from warehouse.db.engines import async_dispose, dispose
from warehouse.db.sessions import writing
from warehouse.db.target import Target
from warehouse.models.reference import Strategy


@pytest.fixture
def database(database: Target) -> Iterator[Target]:
    """The harness's database; the engines that a test made for it end with the test."""
    yield database
    dispose()


@pytest.fixture
async def loop() -> AsyncIterator[None]:
    """Closes the async engines in the loop that used them."""
    yield
    await async_dispose()


@pytest.fixture
def strategy(database: Target) -> int:
    """The key of one committed, versioned row."""
    with writing() as session:
        session.add(row := Strategy(name="momentum", parameters={}))
    return row.strategy_id


@pytest.fixture
def small_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    """One connection, and a short patience."""
    monkeypatch.setenv("WAREHOUSE_POOL_SIZE", "1")
    monkeypatch.setenv("WAREHOUSE_POOL_OVERFLOW", "0")
    monkeypatch.setenv("WAREHOUSE_POOL_TIMEOUT", "0.2")


Until = Callable[[Callable[[], bool]], None]


@pytest.fixture
def until() -> Until:
    """Waits for another session to get somewhere; the limit only ends a test that would hang."""

    def wait(condition: Callable[[], bool]) -> None:
        limit = monotonic() + 60
        while not condition():
            assert monotonic() < limit, "the other session never got there"
            sleep(0.01)

    return wait
