"""Write and read sessions as distinct types: a signature says whether it may write.

The context managers are the edge: they own the transaction, and an error leaves them translated,
logged and counted. A function that is given a session neither commits nor closes it.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Engine, Select, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session

from warehouse.db.engines import Kind, async_engine, engine
from warehouse.db.errors import at_edge, translate, translated
from warehouse.errors import ConnectionFailed, OutcomeUnknown, ReadOnly


class Isolation(StrEnum):
    """How much a transaction sees of the others."""

    READ_COMMITTED = "read_committed"
    REPEATABLE_READ = "repeatable_read"
    SERIALIZABLE = "serializable"

    @property
    def level(self) -> str:
        """As SQL spells it."""
        return self.value.replace("_", " ").upper()


@dataclass(frozen=True)
class AuditContext:
    """Who writes, and why: what the audit events of the transaction will say."""

    actor: str | None = None
    request_id: str | None = None
    reason: str | None = None
    application: str | None = None

    def statement(self) -> Select[Any] | None:
        """Sets what is known until the transaction ends, in one round trip."""
        known = {name: value for name, value in asdict(self).items() if value is not None}
        if not known:
            return None
        return select(*(func.set_config(f"warehouse.{n}", v, True) for n, v in known.items()))


class WriteSession(Session):
    """A session on the primary that may write."""


class ReadSession(Session):
    """A session that cannot write: the server refuses it, and changed objects are not even sent."""

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        changed = [*self.new, *self.deleted, *(o for o in self.dirty if self.is_modified(o))]
        if changed:
            kinds = ", ".join(sorted({type(each).__name__ for each in changed}))
            raise ReadOnly(
                f"A read session holds {len(changed)} changed objects ({kinds}); nothing was sent. "
                "Change them in a write session."
            )
        super().flush(objects)


class AsyncWriteSession(AsyncSession):
    """WriteSession for coroutines."""

    sync_session_class = WriteSession


class AsyncReadSession(AsyncSession):
    """ReadSession for coroutines."""

    sync_session_class = ReadSession


# What a function takes that only selects, so that it also serves inside a write.
AnySession = ReadSession | WriteSession
AnyAsyncSession = AsyncReadSession | AsyncWriteSession

READ_COMMITTED = Isolation.READ_COMMITTED


@contextmanager
def writing(
    isolation: Isolation = READ_COMMITTED, audit: AuditContext | None = None
) -> Iterator[WriteSession]:
    """One transaction on the primary: committed when the block ends, rolled back when it fails."""
    with (
        at_edge(),
        WriteSession(_bind(Kind.WRITE, isolation), expire_on_commit=False) as session,
        session.begin() as transaction,
    ):
        if audit and (statement := audit.statement()) is not None:
            session.execute(statement)
        yield session
        session.flush()
        with _committing():
            transaction.commit()


@contextmanager
def reading(isolation: Isolation = READ_COMMITTED) -> Iterator[ReadSession]:
    """One transaction that only reads, on the replica where there is one."""
    with (
        at_edge(),
        ReadSession(_bind(Kind.READ, isolation), expire_on_commit=False) as session,
        session.begin(),
    ):
        yield session


@asynccontextmanager
async def async_writing(
    isolation: Isolation = READ_COMMITTED, audit: AuditContext | None = None
) -> AsyncIterator[AsyncWriteSession]:
    """`writing` for coroutines."""
    with at_edge():
        bind = await _async_bind(Kind.WRITE, isolation)
        async with (
            AsyncWriteSession(bind, expire_on_commit=False) as session,
            session.begin() as transaction,
        ):
            if audit and (statement := audit.statement()) is not None:
                await session.execute(statement)
            yield session
            await session.flush()
            with _committing():
                await transaction.commit()


@asynccontextmanager
async def async_reading(isolation: Isolation = READ_COMMITTED) -> AsyncIterator[AsyncReadSession]:
    """`reading` for coroutines."""
    with at_edge():
        bind = await _async_bind(Kind.READ, isolation)
        async with (
            AsyncReadSession(bind, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session


@contextmanager
def savepoint(session: AnySession) -> Iterator[None]:
    """Undo no more than the block when it fails; who catches its (translated) error may go on."""
    with translated(), session.begin_nested():
        yield


@asynccontextmanager
async def async_savepoint(session: AnyAsyncSession) -> AsyncIterator[None]:
    """`savepoint` for coroutines."""
    with translated():
        async with session.begin_nested():
            yield


@contextmanager
def _committing() -> Iterator[None]:
    """A connection that is lost in here leaves open whether the server had committed already."""
    try:
        yield
    except DBAPIError as error:
        ours = translate(error)
        if isinstance(ours, ConnectionFailed):
            raise OutcomeUnknown(sqlstate=ours.sqlstate) from error
        raise


def _bind(kind: Kind, isolation: Isolation) -> Engine:
    return engine(kind).execution_options(isolation_level=isolation.level)


async def _async_bind(kind: Kind, isolation: Isolation) -> AsyncEngine:
    return (await async_engine(kind)).execution_options(isolation_level=isolation.level)
