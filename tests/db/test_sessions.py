"""A write session keeps all or nothing; a read session cannot write, whatever it tries."""

import pytest
from psycopg import connect
from sqlalchemy import insert, select, text

from warehouse.db.scratch import scratch_database
from warehouse.db.sessions import (
    AuditContext,
    Isolation,
    ReadSession,
    WriteSession,
    reading,
    savepoint,
    writing,
)
from warehouse.db.target import Target
from warehouse.errors import ConstraintError, ReadOnly, StaleRow, StatementError
from warehouse.models.reference import Strategy

pytestmark = pytest.mark.usefixtures("database")


def names() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(Strategy.name).order_by(Strategy.name)))


def strategy_named(name: str) -> Strategy:
    return Strategy(name=name, parameters={})


# -- writing ---------------------------------------------------------------------------------------


def test_a_write_is_committed_when_the_block_ends() -> None:
    with writing() as session:
        session.add(strategy_named("kept"))
    assert names() == ["kept"]


def test_a_write_is_rolled_back_when_the_block_fails() -> None:
    with pytest.raises(KeyError), writing() as session:
        session.add(strategy_named("lost"))
        session.flush()
        raise KeyError
    assert names() == []


def test_a_write_is_rolled_back_when_the_block_is_interrupted() -> None:
    with pytest.raises(KeyboardInterrupt), writing() as session:
        session.add(strategy_named("lost"))
        session.flush()
        raise KeyboardInterrupt
    assert names() == []


@pytest.mark.usefixtures("small_pool")
def test_a_session_gives_its_connection_back_however_it_ends() -> None:
    for _ in range(3):  # the pool holds one connection: a second one kept would end this
        with pytest.raises(StatementError), writing() as session:
            session.execute(text("select nonsense"))
        with writing() as session:
            session.execute(text("select 1"))


def test_what_was_written_can_be_read_after_the_session_has_closed() -> None:
    with writing() as session:
        session.add(row := strategy_named("kept"))
    assert (row.name, row.version) == ("kept", 1)


def test_nothing_can_be_written_behind_a_commit_in_the_middle() -> None:
    with pytest.raises(Exception, match="closed transaction"), writing() as session:
        session.add(strategy_named("first"))
        session.commit()
        session.add(strategy_named("second, without its audit context"))
        session.flush()
    assert names() == ["first"]


def test_a_failed_savepoint_undoes_itself_and_nothing_else() -> None:
    with writing() as session:
        session.add(strategy_named("before"))
        with pytest.raises(ConstraintError), savepoint(session):
            session.add(strategy_named("inside"))
            session.flush()
            session.execute(insert(Strategy).values(name="before", parameters={}))
        session.add(strategy_named("after"))
    assert names() == ["after", "before"]


def test_a_savepoint_that_ends_well_is_part_of_the_transaction() -> None:
    with pytest.raises(KeyError), writing() as session:
        with savepoint(session):
            session.add(strategy_named("inside"))
        raise KeyError
    assert names() == []


# -- reading ---------------------------------------------------------------------------------------


def test_reading_and_writing_are_told_apart_by_type() -> None:
    with reading() as reader, writing() as writer:
        assert (type(reader), type(writer)) == (ReadSession, WriteSession)
    assert not issubclass(ReadSession, WriteSession)
    assert not issubclass(WriteSession, ReadSession)


def test_a_read_session_acts_as_the_read_role() -> None:
    with reading() as session:
        row = session.execute(
            text("select current_user, current_setting('transaction_read_only')")
        ).one()
    assert tuple(row) == ("warehouse_read", "on")


@pytest.mark.parametrize(
    "statement",
    [
        "insert into reference.strategies (name, parameters) values ('x', '{}')",
        "create table reference.made (id bigint)",
        "create table public.made (id bigint)",
        "truncate reference.strategies",
    ],
)
def test_a_read_session_cannot_write(statement: str) -> None:
    with pytest.raises(ReadOnly) as refused, reading() as session:
        session.execute(text(statement))
    assert refused.value.sqlstate == "25006"


@pytest.mark.parametrize(
    "statement",
    [
        "insert into reference.strategies (name, parameters) values ('x', '{}')",
        "update reference.strategies set name = 'x'",
        "delete from reference.strategies",
        "create table reference.made (id bigint)",
        "create table public.made (id bigint)",
        "create schema made",
    ],
)
def test_a_read_session_that_turns_read_only_off_still_lacks_the_right(statement: str) -> None:
    with pytest.raises(StatementError) as refused, reading() as session:
        session.execute(text("set transaction read write"))
        session.execute(text(statement))
    assert refused.value.sqlstate == "42501"


def test_a_read_session_that_resets_its_role_is_still_the_read_role() -> None:
    with reading() as session:
        session.execute(text("reset role"))
        assert session.scalar(text("select current_user")) == "warehouse_read"


def test_new_objects_of_a_read_session_are_not_sent() -> None:
    held = r"1 changed objects \(Strategy\)"
    with pytest.raises(ReadOnly, match=held) as refused, reading() as session:
        session.add(strategy_named("new"))
    assert refused.value.sqlstate is None  # the server was not asked


def test_changed_objects_of_a_read_session_are_not_sent_before_a_query(strategy: int) -> None:
    with pytest.raises(ReadOnly) as refused, reading() as session:
        session.get_one(Strategy, strategy).description = "changed"
        session.scalars(select(Strategy)).all()
    assert refused.value.sqlstate is None


def test_deleted_objects_of_a_read_session_are_not_sent(strategy: int) -> None:
    with pytest.raises(ReadOnly), reading() as session:
        session.delete(session.get_one(Strategy, strategy))
    assert names() == ["momentum"]


def test_reads_go_to_the_replica_where_one_is_set(
    database: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = text("select current_database()")
    with scratch_database(database) as other:
        monkeypatch.setenv("WAREHOUSE_READ_DATABASE_URL", other.conninfo)
        with reading() as reader, writing() as writer:
            read_from, written_to = reader.scalar(where), writer.scalar(where)
        assert read_from == other.keywords()["dbname"]
        assert written_to == database.keywords()["dbname"]


# -- isolation -------------------------------------------------------------------------------------


@pytest.mark.parametrize("isolation", Isolation)
def test_a_session_runs_at_the_level_it_names_and_leaves_none_behind(isolation: Isolation) -> None:
    level = text("select current_setting('transaction_isolation')")
    for edge in (writing, reading):
        with edge(isolation) as session:
            assert session.scalar(level) == isolation.value.replace("_", " ")
        with edge() as session:
            assert session.scalar(level) == "read committed"


@pytest.mark.parametrize(
    ("isolation", "seen"),
    [(Isolation.READ_COMMITTED, ["momentum", "new"]), (Isolation.REPEATABLE_READ, ["momentum"])],
)
@pytest.mark.usefixtures("strategy")
def test_a_snapshot_holds_only_from_repeatable_read_up(
    isolation: Isolation, seen: list[str]
) -> None:
    asked = select(Strategy.name).order_by(Strategy.name)
    with reading(isolation) as session:
        assert session.scalars(asked).all() == ["momentum"]
        with writing() as other:
            other.add(strategy_named("new"))
        assert session.scalars(asked).all() == seen


def test_serializable_refuses_what_no_order_of_the_two_could_give() -> None:
    count = text("select count(*) from reference.strategies")
    with pytest.raises(StatementError) as refused, writing(Isolation.SERIALIZABLE) as mine:
        mine.scalar(count)
        with writing(Isolation.SERIALIZABLE) as theirs:
            theirs.scalar(count)
            theirs.add(strategy_named("theirs"))
        mine.add(strategy_named("mine"))
    assert refused.value.sqlstate == "40001"
    assert names() == ["theirs"]


# -- who and why -----------------------------------------------------------------------------------

CONTEXT = text(
    "select nullif(current_setting('warehouse.' || name, true), '')"
    " from unnest(array['actor', 'request_id', 'reason', 'application'])"
    " with ordinality as asked (name, place) order by place"
)


@pytest.mark.usefixtures("small_pool")
def test_the_audit_context_is_set_for_the_transaction_and_no_longer() -> None:
    context = AuditContext("ada", "r-1", "o'clock; drop table x", "desk")
    with writing(audit=context) as session:
        given = session.scalars(CONTEXT).all()
    with writing() as session:
        left = session.scalars(CONTEXT).all()
    assert given == ["ada", "r-1", "o'clock; drop table x", "desk"]
    assert left == [None] * 4


def test_what_the_audit_context_leaves_out_stays_unset() -> None:
    with writing(audit=AuditContext(actor="ada")) as session:
        assert session.scalars(CONTEXT).all() == ["ada", None, None, None]
    with writing(audit=AuditContext()) as session:
        assert session.scalars(CONTEXT).all() == [None] * 4


def test_sessions_are_known_to_the_server_by_name(
    database: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_APPLICATION_NAME", "desk")
    with writing() as writer, reading() as reader:
        pids = [s.scalar(text("select pg_backend_pid()")) for s in (writer, reader)]
        with connect(**database.keywords()) as conn:
            found = conn.execute(
                "select application_name from pg_stat_activity where pid = any(%s) order by 1",
                [pids],
            ).fetchall()
    assert found == [("desk",), ("desk read",)]


@pytest.mark.parametrize("given", ["in the URL", "in PGOPTIONS"])
def test_sessions_keep_time_in_utc_and_the_options_they_were_given(
    given: str, database: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    if given == "in PGOPTIONS":
        monkeypatch.setenv("PGOPTIONS", "-c work_mem=7MB")
    else:
        target = database.with_(options="-c work_mem=7MB")
        monkeypatch.setenv("WAREHOUSE_DATABASE_URL", target.conninfo)
    shown = text("select current_setting('TimeZone'), current_setting('work_mem')")
    with writing() as writer, reading() as reader:
        assert [tuple(s.execute(shown).one()) for s in (writer, reader)] == [("UTC", "7MB")] * 2


# -- optimistic locking ----------------------------------------------------------------------------


def test_who_changes_a_row_that_changed_since_it_was_read_is_told(strategy: int) -> None:
    with pytest.raises(StaleRow, match="strategies") as refused, writing() as mine:
        row = mine.get_one(Strategy, strategy)
        with writing() as theirs:
            theirs.get_one(Strategy, strategy).description = "theirs"
        row.description = "mine"
    assert refused.value.table == "strategies"
    with reading() as session:
        kept = session.get_one(Strategy, strategy)
    assert (kept.description, kept.version) == ("theirs", 2)


def test_who_deletes_a_row_that_changed_since_it_was_read_is_told(strategy: int) -> None:
    with pytest.raises(StaleRow), writing() as mine:
        row = mine.get_one(Strategy, strategy)
        with writing() as theirs:
            theirs.get_one(Strategy, strategy).description = "theirs"
        mine.delete(row)
    assert names() == ["momentum"]


def test_writers_one_after_the_other_count_the_version_up(strategy: int) -> None:
    for description in ("first", "second"):
        with writing() as session:
            session.get_one(Strategy, strategy).description = description
    with reading() as session:
        assert session.get_one(Strategy, strategy).version == 3
