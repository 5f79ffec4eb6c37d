"""The async sessions keep the promises of the sync ones."""

import asyncio

import pytest
from sqlalchemy import insert, select, text

from warehouse.db.sessions import (
    AsyncReadSession,
    AsyncWriteSession,
    AuditContext,
    Isolation,
    async_reading,
    async_savepoint,
    async_writing,
)
from warehouse.errors import ConstraintError, OutcomeUnknown, ReadOnly, StaleRow, StatementError
from warehouse.models.reference import Strategy

pytestmark = pytest.mark.usefixtures("database", "loop")


async def names() -> list[str]:
    async with async_reading() as session:
        return list(await session.scalars(select(Strategy.name).order_by(Strategy.name)))


def strategy_named(name: str) -> Strategy:
    return Strategy(name=name, parameters={})


async def test_a_write_is_committed_when_the_block_ends() -> None:
    async with async_writing() as session:
        session.add(row := strategy_named("kept"))
    assert await names() == ["kept"]
    assert row.version == 1


async def test_a_write_is_rolled_back_when_the_block_fails() -> None:
    with pytest.raises(KeyError):
        async with async_writing() as session:
            session.add(strategy_named("lost"))
            await session.flush()
            raise KeyError
    assert await names() == []


async def test_a_connection_that_is_lost_while_committing_leaves_the_outcome_open() -> None:
    with pytest.raises(OutcomeUnknown):
        async with async_writing() as session:
            pid = await session.scalar(text("select pg_backend_pid()"))
            async with async_writing() as other:
                await other.execute(text("select pg_terminate_backend(:pid, 60000)"), {"pid": pid})


@pytest.mark.usefixtures("small_pool")
async def test_a_cancelled_write_is_rolled_back_and_gives_its_connection_back() -> None:
    begun = asyncio.Event()

    async def write() -> None:
        async with async_writing() as session:
            session.add(strategy_named("lost"))
            await session.flush()
            begun.set()
            await session.execute(text("select pg_sleep(600)"))

    task = asyncio.create_task(write())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with async_writing() as session:  # the pool holds one connection
        assert (await session.scalars(select(Strategy))).all() == []


async def test_a_failed_savepoint_undoes_itself_and_nothing_else() -> None:
    async with async_writing() as session:
        session.add(strategy_named("before"))
        with pytest.raises(ConstraintError):
            async with async_savepoint(session):
                await session.execute(insert(Strategy).values(name="before", parameters={}))
        session.add(strategy_named("after"))
    assert await names() == ["after", "before"]


async def test_reading_and_writing_are_told_apart_by_type() -> None:
    async with async_reading() as reader, async_writing() as writer:
        assert (type(reader), type(writer)) == (AsyncReadSession, AsyncWriteSession)


async def test_a_read_session_cannot_write() -> None:
    with pytest.raises(ReadOnly) as refused:
        async with async_reading() as session:
            await session.execute(insert(Strategy).values(name="x", parameters={}))
    assert refused.value.sqlstate == "25006"


async def test_a_read_session_that_turns_read_only_off_still_lacks_the_right() -> None:
    with pytest.raises(StatementError) as refused:
        async with async_reading() as session:
            await session.execute(text("set transaction read write"))
            await session.execute(insert(Strategy).values(name="x", parameters={}))
    assert refused.value.sqlstate == "42501"


async def test_new_objects_of_a_read_session_are_not_sent() -> None:
    with pytest.raises(ReadOnly) as refused:
        async with async_reading() as session:
            session.add(strategy_named("new"))
    assert refused.value.sqlstate is None


@pytest.mark.parametrize("isolation", Isolation)
async def test_a_session_runs_at_the_level_it_names_and_leaves_none_behind(
    isolation: Isolation,
) -> None:
    level = text("select current_setting('transaction_isolation')")
    async with async_writing(isolation) as session:
        assert await session.scalar(level) == isolation.value.replace("_", " ")
    async with async_writing() as session:
        assert await session.scalar(level) == "read committed"


@pytest.mark.usefixtures("small_pool")
async def test_the_audit_context_is_set_for_the_transaction_and_no_longer() -> None:
    actor = text("select nullif(current_setting('warehouse.actor', true), '')")
    async with async_writing(audit=AuditContext(actor="ada")) as session:
        assert await session.scalar(actor) == "ada"
    async with async_writing() as session:
        assert await session.scalar(actor) is None


async def test_of_two_that_change_a_row_at_once_the_second_is_told(strategy: int) -> None:
    both_have_read = asyncio.Barrier(2)

    async def change(description: str) -> str:
        try:
            async with async_writing() as session:
                row = await session.get_one(Strategy, strategy)
                await both_have_read.wait()
                row.description = description
        except StaleRow:
            return "stale"
        return description

    outcomes = await asyncio.gather(change("one"), change("two"))
    async with async_reading() as session:
        kept = await session.get_one(Strategy, strategy)
    assert sorted(outcomes) == sorted(["stale", str(kept.description)])
    assert kept.version == 2
