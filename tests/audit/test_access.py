"""Reading leaves a committed record: many share a commit, and none is lost or doubled."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import psycopg
import pytest
from psycopg import Connection, connect
from psycopg.errors import InsufficientPrivilege

from api.access import Access, Activity, Recorder, open_recorder
from api.errors import Problem
from api.pools import Lent
from api.settings import ServerSettings
from warehouse.access import ACCESS
from warehouse.db.target import Target
from warehouse.models.base import Base
from warehouse.partitions import ensure

CALLERS = 200
READING = Access("market_instruments", {"matching": "A", "limit": 5}, 200, request_id="r1")
HELD = "lock table audit.access in share mode"


@pytest.fixture
def settings() -> ServerSettings:
    return ServerSettings(record_wait=30, shutdown_grace=30)


@pytest.fixture
def conn(conn: Connection[Any]) -> Connection[Any]:
    """With partitions for the present, and a book."""
    row = conn.execute("select now(), now() + interval '1 microsecond'").fetchone()
    assert row
    with conn.transaction():
        for table in ("audit.access", "library.activity"):
            ensure(conn, Base.metadata.tables[table], *row)
    conn.execute(
        "insert into library.books (book_id, isbn, title, price, language)"
        " values (1, '9780000000001', 'A', 1, 'en')"
    )
    return conn


@pytest.fixture
async def recorder(
    database: Target, conn: Connection[Any], settings: ServerSettings
) -> AsyncIterator[Recorder]:
    async with open_recorder(database, settings) as recorder:
        yield recorder


def readings(count: int, report: str = "r") -> list[Access]:
    return [Access(report, {"n": number}, 200, row_count=number) for number in range(count)]


def kept(conn: Connection[Any]) -> list[int]:
    return [n for (n,) in conn.execute("select row_count from audit.access order by 1").fetchall()]


def commits(conn: Connection[Any]) -> int:
    row = conn.execute("select count(distinct xmin::text) from audit.access").fetchone()
    assert row
    return int(row[0])


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - the server tells nobody that it waits
        await asyncio.sleep(0.01)


def blocked(conn: Connection[Any]) -> list[int]:
    """The backends that wait to record."""
    rows = conn.execute(
        "select pid from pg_stat_activity where datname = current_database()"
        " and query like 'select audit.record_access%' and wait_event_type = 'Lock'"
    )
    return [pid for (pid,) in rows.fetchall()]


# -- what is kept ----------------------------------------------------------------------------------


async def test_a_record_is_committed_when_the_caller_goes_on(
    recorder: Recorder, conn: Connection[Any]
) -> None:
    await recorder.record(READING)
    row = conn.execute(
        "select report, filter, status, request_id, api_key_id, login_role = session_user,"
        " now() - accessed_at < interval '1 minute' from audit.access"
    ).fetchall()
    expected = ("market_instruments", {"matching": "A", "limit": 5}, 200, "r1", None, True, True)
    assert row == [expected]


async def test_views_and_searches_take_the_same_way(
    recorder: Recorder, conn: Connection[Any]
) -> None:
    await asyncio.gather(
        recorder.record(Activity(1, "view", book_id=1)),
        recorder.record(Activity(1, "search", query="tea")),
    )
    rows = conn.execute(
        "select activity_type, book_id, query from library.activity order by 1"
    ).fetchall()
    assert rows == [("search", None, "tea"), ("view", 1, None)]


async def test_callers_share_few_commits(recorder: Recorder, conn: Connection[Any]) -> None:
    await asyncio.gather(*map(recorder.record, readings(CALLERS)))
    assert kept(conn) == list(range(CALLERS))
    assert commits(conn) <= 5


async def test_a_commit_is_on_disk_whatever_the_server_would_do(recorder: Recorder) -> None:
    async with Lent(recorder.writers[Access]._reader) as connection:
        shown = await connection.fetchval("show synchronous_commit")
    assert shown == "on"


# -- who must not cost others their record ---------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    [
        Access("r", {"text": "\0"}, 200),
        Access("\0", {}, 200),
        Access("r\ud800", {}, 200),
        Access("r", {}, 999),
        Access("r", {}, 200, row_count=2**63),
    ],
)
async def test_a_record_that_cannot_be_kept_fails_alone(
    recorder: Recorder, conn: Connection[Any], bad: Access
) -> None:
    good = [recorder.record(each) for each in readings(20)]
    results = await asyncio.gather(*good, recorder.record(bad), return_exceptions=True)
    assert results[:20] == [None] * 20
    assert isinstance(results[20], Problem)
    assert results[20].kind.code == "not_recorded"
    assert kept(conn) == list(range(20))


async def test_a_view_of_a_book_that_is_gone_fails_alone(
    recorder: Recorder, conn: Connection[Any]
) -> None:
    wrong, right = Activity(1, "view", book_id=99), Activity(1, "view", book_id=1)
    results = await asyncio.gather(
        recorder.record(wrong), recorder.record(right), return_exceptions=True
    )
    assert isinstance(results[0], Problem)
    assert results[1] is None


async def test_a_caller_who_leaves_takes_nobody_along(
    recorder: Recorder, conn: Connection[Any], database: Target
) -> None:
    with connect(**database.keywords()) as holder:
        holder.execute(HELD)
        calls = [asyncio.create_task(recorder.record(each)) for each in readings(20)]
        await until(lambda: bool(blocked(conn)))
        late = [asyncio.create_task(recorder.record(each)) for each in readings(3, "late")]
        await until(lambda: recorder.waiting() == 3)
        for each in (calls[0], late[0]):
            each.cancel()
        holder.rollback()
        await asyncio.gather(*calls[1:], *late[1:])
    # What had been sent is kept; who left before that got no answer and needs no record.
    reports = conn.execute("select report, count(*) from audit.access group by 1 order by 1")
    assert reports.fetchall() == [("late", 2), ("r", 20)]


# -- a connection that is lost ---------------------------------------------------------------------


async def test_a_backend_killed_in_the_middle_costs_nothing(
    recorder: Recorder, conn: Connection[Any], database: Target
) -> None:
    with connect(**database.keywords()) as holder:
        holder.execute(HELD)
        calls = [asyncio.create_task(recorder.record(each)) for each in readings(CALLERS)]
        await until(lambda: bool(blocked(conn)))
        (pid,) = blocked(conn)
        conn.execute("select pg_terminate_backend(%s)", [pid])
        await until(lambda: blocked(conn) not in ([], [pid]))
        holder.rollback()
        await asyncio.gather(*calls)
    assert kept(conn) == list(range(CALLERS))


class Forgetful:
    """A connection that commits, and is lost before it can say so."""

    def __init__(self, connection: Any, losses: list[int]) -> None:
        self.connection, self.losses = connection, losses

    async def execute(self, *call: Any) -> None:
        await self.connection.execute(*call)
        if self.losses:
            self.losses.pop()
            raise asyncpg.ConnectionDoesNotExistError("connection was closed")


async def test_what_was_committed_before_the_loss_is_not_doubled(
    recorder: Recorder, conn: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, losses = recorder.writers[Access]._reader, [1, 2, 3]
    take, give_back, give_up = reader.take, reader.give_back, reader.give_up

    async def taken() -> Any:
        return Forgetful(await take(), losses)

    async def given_up(lost: Any) -> None:
        await give_up(lost.connection)

    monkeypatch.setattr(reader, "give_back", lambda lent: give_back(lent and lent.connection))
    monkeypatch.setattr(reader, "take", taken)
    monkeypatch.setattr(reader, "give_up", given_up)
    await asyncio.gather(*map(recorder.record, readings(CALLERS)))
    assert losses == []
    assert kept(conn) == list(range(CALLERS))


# -- back-pressure, and the end --------------------------------------------------------------------


async def test_a_full_queue_makes_callers_wait_and_loses_nothing(
    database: Target, conn: Connection[Any], settings: ServerSettings
) -> None:
    narrow = settings.model_copy(update={"record_queue": 5})
    async with open_recorder(database, narrow) as recorder:
        with connect(**database.keywords()) as holder:
            holder.execute(HELD)
            calls = [asyncio.create_task(recorder.record(each)) for each in readings(50)]
            await until(lambda: bool(blocked(conn)))
            assert recorder.waiting() <= 5
            holder.rollback()
            await asyncio.gather(*calls)
    assert kept(conn) == list(range(50))


async def test_a_caller_who_waited_too_long_is_told_what_is_known(
    database: Target, conn: Connection[Any], settings: ServerSettings
) -> None:
    impatient = settings.model_copy(update={"record_queue": 5, "record_wait": 0.3})
    async with open_recorder(database, impatient) as recorder:
        with connect(**database.keywords()) as holder:
            holder.execute(HELD)
            first = asyncio.create_task(recorder.record(READING))
            await until(lambda: bool(blocked(conn)))
            second = asyncio.create_task(recorder.record(READING))
            with pytest.raises(Problem, match="it is not known whether it was recorded"):
                await first
            with pytest.raises(Problem, match="nothing was recorded") as told:
                await second
            assert told.value.kind.status == 503
            assert told.value.kind.retry_after
            holder.rollback()
        await recorder.record(READING)


async def test_the_end_waits_for_what_was_taken(
    database: Target, conn: Connection[Any], settings: ServerSettings
) -> None:
    async with open_recorder(database, settings) as recorder:
        calls = [asyncio.create_task(recorder.record(each)) for each in readings(CALLERS)]
        await asyncio.sleep(0)
    await asyncio.gather(*calls)
    assert kept(conn) == list(range(CALLERS))
    with pytest.raises(Problem, match="nothing was recorded"):
        await recorder.record(READING)


async def test_the_end_does_not_wait_for_ever(
    database: Target, conn: Connection[Any], settings: ServerSettings
) -> None:
    hasty = settings.model_copy(update={"shutdown_grace": 0})
    with connect(**database.keywords()) as holder:
        holder.execute(HELD)
        async with open_recorder(database, hasty) as recorder:
            calls = [asyncio.create_task(recorder.record(READING))]
            await until(lambda: bool(blocked(conn)))
            calls.append(asyncio.create_task(recorder.record(READING)))
            await until(lambda: recorder.waiting() == 1)
        told = await asyncio.gather(*calls, return_exceptions=True)
    assert ["not known" in str(each) for each in told] == [True, False]


# -- who may ---------------------------------------------------------------------------------------


def test_the_role_calls_the_functions_and_sees_nothing(conn: Connection[Any]) -> None:
    conn.execute(f"set role {ACCESS}")
    for statement in (
        "select from audit.access",
        "insert into audit.access (report, status) values ('r', 200)",
        "select from library.activity",
        "select audit.record_event('audit', 'access', 'insert', 1)",
    ):
        with pytest.raises(InsufficientPrivilege):
            conn.execute(statement.encode())


def test_nobody_else_is_granted_the_functions(conn: Connection[Any]) -> None:
    granted = conn.execute(
        "select proname, grantee::regrole::text from pg_proc, aclexplode(proacl)"
        " where proname in ('record_access', 'record_activity') and grantee <> proowner order by 1"
    ).fetchall()
    assert granted == [("record_access", ACCESS), ("record_activity", ACCESS)]


def test_a_time_that_cannot_be_true_is_refused(conn: Connection[Any]) -> None:
    with pytest.raises(psycopg.errors.DatetimeFieldOverflow, match="ten minutes away"):
        conn.execute(
            "select audit.record_access(json_build_array(json_build_object("
            "'key', 1, 'at', now() - interval '1 hour', 'report', 'r', 'filter', '{}'::json, 'status', 200)))"
        )
