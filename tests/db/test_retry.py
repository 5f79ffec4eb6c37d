"""Work is repeated on the SQLSTATEs that say it would go well another time, and on no others."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier

import pytest
from sqlalchemy import select, text, update
from tenacity import RetryCallState, Retrying

from warehouse.db.retry import async_retrying, is_transient, retrying
from warehouse.db.sessions import Isolation, WriteSession, async_writing, writing
from warehouse.db.target import Target
from warehouse.errors import (
    ConnectionFailed,
    ConstraintError,
    DataError,
    OutcomeUnknown,
    PoolExhausted,
    StaleRow,
    StatementError,
)
from warehouse.models.reference import Strategy

pytestmark = pytest.mark.usefixtures("database")


class Attempts:
    """Counts how often a piece of work was begun, and what ended it."""

    def __init__(self) -> None:
        self.begun = 0
        self.sqlstates: list[str | None] = []

    def first(self) -> bool:
        self.begun += 1
        return self.begun == 1


@pytest.fixture
def attempts() -> Attempts:
    return Attempts()


def at_once(attempts: int = 5) -> Retrying:
    return retrying(attempts, first_wait=0)


def describe(session: WriteSession, strategy: int, description: str) -> None:
    session.execute(
        update(Strategy)
        .where(Strategy.strategy_id == strategy)
        .values(description=Strategy.description.concat(description))
    )


def described(strategy: int) -> str | None:
    with writing() as session:
        return session.get_one(Strategy, strategy).description


@pytest.fixture
def blank(strategy: int) -> int:
    with writing() as session:
        session.get_one(Strategy, strategy).description = ""
    return strategy


# -- repeated --------------------------------------------------------------------------------------


def test_a_serialization_failure_is_repeated(blank: int, attempts: Attempts) -> None:
    def work() -> None:
        with writing(Isolation.REPEATABLE_READ) as session:
            session.execute(select(Strategy))
            if attempts.first():
                with writing() as other:
                    describe(other, blank, "theirs ")
            describe(session, blank, "mine")

    at_once()(work)
    assert (attempts.begun, described(blank)) == (2, "theirs mine")


def test_a_deadlock_is_repeated(blank: int) -> None:
    with writing() as session:
        session.add(second := Strategy(name="value", description="", parameters={}))
    both_hold_one = Barrier(2)

    def work(attempts: Attempts, mine: int, theirs: int) -> int:
        with writing() as session:
            describe(session, mine, "x")
            if attempts.first():
                both_hold_one.wait(60)
            describe(session, theirs, "x")
        return attempts.begun

    orders = [(blank, second.strategy_id), (second.strategy_id, blank)]
    with ThreadPoolExecutor(2) as threads:
        running = [threads.submit(at_once(), work, Attempts(), *order) for order in orders]
        assert sorted(each.result() for each in running) == [1, 2]
    assert [described(blank), described(second.strategy_id)] == ["xx", "xx"]


@pytest.fixture
def held(blank: int) -> Iterator[ExitStack]:
    """Someone else holds the row until the stack is closed."""
    with ExitStack() as stack:
        describe(stack.enter_context(writing()), blank, "theirs ")
        yield stack


@pytest.mark.parametrize(
    "wait",
    ["set local lock_timeout = '10ms'", "select 1 from reference.strategies for update nowait"],
)
def test_a_lock_that_is_not_to_be_had_is_repeated(
    blank: int, held: ExitStack, attempts: Attempts, wait: str
) -> None:
    def work() -> None:
        if not attempts.first():
            held.close()
        with writing() as session:
            session.execute(text(wait))
            describe(session, blank, "mine")

    at_once()(work)
    assert (attempts.begun, described(blank)) == (2, "theirs mine")


def terminate(pid: int | None) -> None:
    with writing() as session:
        session.execute(text("select pg_terminate_backend(:pid, 60000)"), {"pid": pid})


def test_a_terminated_backend_is_replaced_and_the_work_repeated(
    blank: int, attempts: Attempts
) -> None:
    def work() -> None:
        with writing() as session:
            describe(session, blank, "mine")
            if attempts.first():
                terminate(session.scalar(text("select pg_backend_pid()")))
            describe(session, blank, "!")

    at_once()(work)
    assert (attempts.begun, described(blank)) == (2, "mine!")


def test_a_server_that_cannot_be_reached_is_tried_as_often_as_was_said(
    attempts: Attempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "WAREHOUSE_DATABASE_URL", "host=127.0.0.1 port=1 dbname=postgres user=nobody"
    )

    def work() -> None:
        attempts.first()
        with writing() as session:
            session.execute(text("select 1"))

    with pytest.raises(ConnectionFailed):
        at_once(3)(work)
    assert attempts.begun == 3


def test_a_block_can_be_repeated_in_place(blank: int) -> None:
    for attempt in at_once():
        with attempt, writing() as session:
            describe(session, blank, "mine")
            if attempt.retry_state.attempt_number == 1:
                session.execute(text("select pg_terminate_backend(pg_backend_pid())"))
    assert described(blank) == "mine"


@pytest.mark.usefixtures("loop")
async def test_coroutines_are_repeated_too(attempts: Attempts) -> None:
    async def work() -> int:
        async with async_writing() as session:
            if attempts.first():
                await session.execute(text("select pg_terminate_backend(pg_backend_pid())"))
            return int(await session.scalar(text("select 7")) or 0)

    assert await async_retrying(first_wait=0)(work) == 7
    assert attempts.begun == 2


# -- not repeated ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("insert into reference.strategies (parameters) values ('{}')", ConstraintError),
        ("select 1 / 0", DataError),
        ("select nonsense", StatementError),
    ],
)
def test_what_would_fail_again_is_not_repeated(
    statement: str, error: type[Exception], attempts: Attempts
) -> None:
    def work() -> None:
        attempts.first()
        with writing() as session:
            session.execute(text(statement))

    with pytest.raises(error):
        at_once()(work)
    assert attempts.begun == 1


def test_a_stale_row_is_not_repeated(blank: int, attempts: Attempts) -> None:
    def work() -> None:
        with writing() as session:
            row = session.get_one(Strategy, blank)
            attempts.first()
            with writing() as other:
                other.get_one(Strategy, blank).description = "theirs"
            row.description = "mine"

    with pytest.raises(StaleRow):
        at_once()(work)
    assert attempts.begun == 1


def test_a_commit_that_may_have_been_kept_is_not_repeated(blank: int, attempts: Attempts) -> None:
    def work() -> None:
        attempts.first()
        with writing() as session:
            describe(session, blank, "mine")
            terminate(session.scalar(text("select pg_backend_pid()")))

    with pytest.raises(OutcomeUnknown):
        at_once()(work)
    assert attempts.begun == 1


def test_a_refusal_to_connect_is_not_repeated(
    database: Target, attempts: Attempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_DATABASE_URL", database.with_(dbname="nowhere").conninfo)

    def work() -> None:
        attempts.first()
        with writing() as session:
            session.execute(text("select 1"))

    with pytest.raises(ConnectionFailed):
        at_once()(work)
    assert attempts.begun == 1


def test_only_named_states_are_transient() -> None:
    def transient(sqlstate: str | None) -> bool:
        return is_transient(StatementError(sqlstate=sqlstate))

    repeated = ["40001", "40P01", "55P03", "57P01", "57P02", "57P03", "08000", "08006"]
    assert all(transient(state) for state in repeated)
    refused = ["23505", "22012", "42601", "57014", "53100", "40003", "25P02", None]
    assert not any(transient(state) for state in refused)
    assert not any(is_transient(e) for e in (PoolExhausted(), StaleRow(), KeyError()))


# -- waits -----------------------------------------------------------------------------------------


def test_waits_are_drawn_from_zero_to_a_bound_that_doubles_up_to_a_limit() -> None:
    policy = retrying(first_wait=1, longest_wait=4)
    longest = []
    for number in range(1, 6):
        state = RetryCallState(policy, None, (), {})
        state.attempt_number = number
        waits = [policy.wait(state) for _ in range(500)]
        assert min(waits) < 0.1 * max(waits)
        longest.append(max(waits))
    for found, bound in zip(longest, [1, 2, 4, 4, 4], strict=True):
        assert 0.8 * bound < found <= bound
