"""What the API records of its readers, and by which function: reports asked for, books looked at.

A record is committed before its answer leaves; api/recording.py says how many share a commit.
"""

from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any, Literal, NamedTuple

import asyncpg
import orjson

from api.errors import DRIVER_ERRORS, Problem
from api.pools import Reader, connect_arguments, why_not
from api.recording import NOT_RECORDED, GroupCommit
from api.settings import ServerSettings
from warehouse.access import ACCESS
from warehouse.db.target import Target
from warehouse.errors import ConnectionFailed


class Access(NamedTuple):
    """A report that was asked for: a row of audit.access."""

    report: str
    filter: Mapping[str, Any] | orjson.Fragment  # as JSON, where it was made already
    status: int
    row_count: int | None = None
    api_key_id: int | None = None
    principal_id: int | None = None
    request_id: str | None = None

    def noted(self) -> bytes:
        """It as it is sent, but for the request's id, which is another each time."""
        return orjson.dumps(dict(zip(self._fields[:-1], self, strict=False)))[1:]


class Activity(NamedTuple):
    """A book that was viewed, or a search for books: a row of library.activity."""

    principal_id: int
    activity_type: Literal["view", "search"]
    book_id: int | None = None
    query: str | None = None


# Records come as one JSON text: a list a column takes the driver half as long again to write.
STATEMENTS = {
    Access: "select audit.record_access($1::json)",
    Activity: "select library.record_activity($1::json)",
}


@dataclass(frozen=True)
class Recorder:
    """Keeps records of reading."""

    writers: Mapping[type, GroupCommit] = field(default_factory=dict)
    draw: Random = field(
        default_factory=Random
    )  # seeded by the system; nobody wins by guessing one

    async def record(self, what: Access | Activity) -> None:
        """Return when it is committed; a `Problem` says that the answer must not leave."""
        try:
            written = orjson.dumps(what._asdict())
        except TypeError as error:  # such as a lone surrogate
            raise Problem(NOT_RECORDED, f"Nothing was recorded: {error}.") from error
        await self._keep(type(what), written[1:])

    def keep(self, noted: bytes, request_id: str) -> Awaitable[None]:
        """The same of an `Access` that was noted before; a request's id has nothing to escape."""
        return self._keep(Access, b'"request_id":"%b",%b' % (request_id.encode(), noted))

    def _keep(self, kind: type, rest: bytes) -> Awaitable[None]:
        # Drawn here and not by the server: sent twice, it is one record.
        key, now = self.draw.getrandbits(63), datetime.now(UTC).isoformat().encode()
        return self.writers[kind].keep(b'{"key":%d,"at":"%b",%b' % (key, now, rest))

    def waiting(self) -> int:
        """Records that no statement has taken yet."""
        return sum(writer.waiting for writer in self.writers.values())


@asynccontextmanager
async def open_recorder(target: Target, settings: ServerSettings) -> AsyncIterator[Recorder]:
    """A recorder on the primary; at the end it keeps what it took, within the grace."""
    try:
        pool = await asyncpg.create_pool(**_arguments(target, settings))
    except (*DRIVER_ERRORS, ValueError) as error:
        raise ConnectionFailed(why_not(error, target, ACCESS)) from error
    reader = Reader(pool, settings.record_wait, len(STATEMENTS))
    writers = {
        kind: GroupCommit(
            reader,
            statement,
            longest_queue=settings.record_queue,
            wait=settings.record_wait,
        )
        for kind, statement in STATEMENTS.items()
    }
    try:
        yield Recorder(writers)
    finally:
        for writer in writers.values():
            await writer.close(settings.shutdown_grace)
        pool.terminate()


def _arguments(target: Target, settings: ServerSettings) -> dict[str, Any]:
    """The read pool's, but few, for another role, and given up before the caller's patience ends."""
    return connect_arguments(target, settings) | {
        "max_size": settings.record_pool_size,
        "command_timeout": settings.record_wait,
        "server_settings": {
            "role": ACCESS,
            "statement_timeout": f"{settings.record_wait * 1000:.0f}",
            "synchronous_commit": "on",  # whatever the server's default is
        },
    }
