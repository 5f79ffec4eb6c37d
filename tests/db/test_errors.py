"""What the server refuses arrives as one of four classes, in plain words, logged and counted once."""

import logging
from collections.abc import Mapping
from secrets import token_hex

import pytest
from psycopg import connect
from psycopg.errors import DatabaseError as DriverError
from sqlalchemy import text

from warehouse.db.errors import error_counts, translate
from warehouse.db.sessions import reading, savepoint, writing
from warehouse.db.target import Target
from warehouse.errors import (
    ConnectionFailed,
    ConstraintError,
    DatabaseError,
    DataError,
    OutcomeUnknown,
    StatementError,
)
from warehouse.models.reference import Source, Strategy

pytestmark = pytest.mark.usefixtures("database")

STRATEGY = "insert into reference.strategies (name, parameters) values "
MARK = "insert into reference.daily_marks (instrument_id, day, source_id, close, adjusted_close) values "


def failing(*statements: str) -> DatabaseError:
    with pytest.raises(DatabaseError) as failed, writing() as session:
        for statement in statements:
            session.execute(text(statement))
    return failed.value


# -- constraint ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "sqlstate", "table", "constraint", "words"),
    [
        (
            STRATEGY + "('a', '{}'), ('a', '{}')",
            "23505",
            "reference.strategies",
            "strategies_name_key",
            "already has a row like this (strategies_name_key): Key (name)=(a) already exists.",
        ),
        (
            MARK + "(1, '2026-01-02', 1, 5, 5)",
            "23503",
            "reference.daily_marks",
            "daily_marks_instrument_id_fkey",
            'is not present in table "instruments"',
        ),
        (
            MARK + "(1, '2026-01-02', 1, -5, 5)",
            "23514",
            "reference.daily_marks",
            "daily_marks_close_positive_check",
            "breaks its rule daily_marks_close_positive_check",
        ),
    ],
)
def test_a_broken_constraint_is_named(
    statement: str, sqlstate: str, table: str, constraint: str, words: str
) -> None:
    error = failing(statement)
    assert isinstance(error, ConstraintError)
    assert (error.sqlstate, error.table, error.constraint) == (sqlstate, table, constraint)
    assert words in str(error)
    assert str(error).endswith("Nothing of the statement was kept.")


def test_a_missing_value_is_named_by_its_column() -> None:
    error = failing("insert into reference.strategies (parameters) values ('{}')")
    assert isinstance(error, ConstraintError)
    assert (error.sqlstate, error.table, error.column) == ("23502", "reference.strategies", "name")
    assert "reference.strategies.name must have a value." in str(error)


def test_a_row_that_others_refer_to_cannot_go() -> None:
    with writing() as session:
        session.add(Source(name="csv", priority=1))
        session.execute(
            text(
                "insert into reference.instruments (symbol, asset_type, currency)"
                " values ('AAPL', 'equity', 'USD')"
            )
        )
        session.execute(
            text(
                MARK.removesuffix("values ")
                + "select i.instrument_id, '2026-01-02', s.source_id, 5, 5"
                " from reference.instruments as i cross join reference.sources as s"
            )
        )
    error = failing("delete from reference.sources")
    assert isinstance(error, ConstraintError)
    # 18 gave RESTRICT a state of its own.
    assert error.sqlstate in {"23001", "23503"}
    assert error.constraint == "daily_marks_source_id_fkey"


def test_a_row_without_a_partition_says_how_to_get_one() -> None:
    error = failing(
        "create table public.readings (at timestamptz not null) partition by range (at)",
        "insert into public.readings (at) values ('2026-01-02')",
    )
    assert isinstance(error, ConstraintError)
    assert "public.readings has no partition" in str(error)
    assert "`warehouse partitions apply`" in str(error)


def test_a_constraint_that_is_deferred_to_the_commit_is_one_too() -> None:
    error = failing(
        "create table public.pairs (id bigint constraint pairs_id_key unique deferrable initially deferred)",
        "insert into public.pairs (id) values (1), (1)",
    )
    assert isinstance(error, ConstraintError)
    assert error.constraint == "pairs_id_key"


# -- connection ------------------------------------------------------------------------------------


def test_a_server_that_is_not_there_is_a_connection_error(
    database: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Port 1 is never a PostgreSQL.
    monkeypatch.setenv(
        "WAREHOUSE_DATABASE_URL", "host=127.0.0.1 port=1 dbname=postgres user=nobody"
    )
    error = failing("select 1")
    assert isinstance(error, ConnectionFailed)
    assert error.sqlstate == "08001"
    assert "port 1 failed" in str(error)
    assert "Start the server" in str(error)


def test_a_database_that_is_not_there_is_a_connection_error(
    database: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_DATABASE_URL", database.with_(dbname="nowhere").conninfo)
    error = failing("select 1")
    assert isinstance(error, ConnectionFailed)
    assert error.sqlstate is None  # the server refused, so trying again is no use
    assert 'database "nowhere" does not exist' in str(error)


def test_a_login_that_may_not_act_as_the_read_role_is_told_what_to_run(
    database: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"outsider_{token_hex(4)}"
    outsider = database.with_(user=name, password=name)
    monkeypatch.setenv("WAREHOUSE_READ_DATABASE_URL", outsider.conninfo)
    with connect(**database.keywords(), autocommit=True) as conn:
        conn.execute(f"create role {name} login password '{name}'")
        try:
            with pytest.raises(ConnectionFailed, match="warehouse roles ensure"):
                read_one()
        finally:
            conn.execute(f"drop role {name}")


def read_one() -> None:
    with reading() as session:
        session.execute(text("select 1"))


def terminate(pid: int | None) -> None:
    with writing() as session:
        session.execute(text("select pg_terminate_backend(:pid, 60000)"), {"pid": pid})


def test_a_connection_that_the_server_ends_is_a_connection_error() -> None:
    with pytest.raises(ConnectionFailed) as failed, writing() as session:
        terminate(session.scalar(text("select pg_backend_pid()")))
        session.execute(text("select 1"))
    assert failed.value.sqlstate == "57P01"
    assert not isinstance(failed.value, OutcomeUnknown)


def test_a_connection_that_is_lost_while_committing_leaves_the_outcome_open() -> None:
    with pytest.raises(OutcomeUnknown, match="may or may not be kept"), writing() as session:
        session.add(Strategy(name="perhaps", parameters={}))
        session.flush()
        terminate(session.scalar(text("select pg_backend_pid()")))


# -- data ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "sqlstate"),
    [
        ("select 1 / 0", "22012"),
        ("select 'twelve'::bigint", "22P02"),
        ("insert into reference.sources (name, priority) values ('x', 4000000000)", "22003"),
        ("select '2026-02-30'::date", "22008"),
    ],
)
def test_a_value_that_does_not_fit_is_a_data_error(statement: str, sqlstate: str) -> None:
    error = failing(statement)
    assert isinstance(error, DataError)
    assert error.sqlstate == sqlstate
    assert str(error).startswith("A value does not fit")


def test_a_value_that_cannot_even_be_sent_is_a_data_error() -> None:
    with pytest.raises(DataError, match="NUL"), writing() as session:
        session.add(Strategy(name="a\0b", parameters={}))


# -- statement -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "sqlstate", "step"),
    [
        ("selec 1", "42601", "syntax error"),
        ("select * from reference.nothing", "42P01", "`warehouse migrate`"),
        ("select nothing from reference.sources", "42703", "`warehouse migrate`"),
        ("set role warehouse_nobody", "22023", "does not exist"),
        ("do $$ begin raise exception 'ours' using hint = 'Do that.'; end $$", "P0001", "Do that."),
    ],
)
def test_a_statement_that_cannot_run_says_what_to_do_next(
    statement: str, sqlstate: str, step: str
) -> None:
    error = failing(statement)
    assert error.sqlstate == sqlstate
    assert step in str(error)


def test_a_statement_that_is_cancelled_is_a_statement_error() -> None:
    error = failing("set local statement_timeout = '10ms'", "select pg_sleep(600)")
    assert isinstance(error, StatementError)
    assert error.sqlstate == "57014"
    assert "statement_timeout" in str(error)


def test_a_statement_that_lacks_a_parameter_is_a_statement_error() -> None:
    with pytest.raises(StatementError, match="bind parameter"), writing() as session:
        session.execute(text("select :missing"))


# -- logged and counted ----------------------------------------------------------------------------


def added(before: Mapping[str, int]) -> dict[str, int]:
    return {name: n - before[name] for name, n in error_counts().items() if n != before[name]}


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("insert into reference.strategies (parameters) values ('{}')", "constraint"),
        ("select pg_terminate_backend(pg_backend_pid())", "connection"),
        ("select 1 / 0", "data"),
        ("select nonsense", "statement"),
    ],
)
def test_an_error_is_counted_under_its_class(statement: str, name: str) -> None:
    before = error_counts()
    failing(statement)
    assert added(before) == {name: 1}


def test_an_error_is_logged_and_counted_once_however_many_edges_it_passes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = error_counts()
    with pytest.raises(DataError), writing(), reading(), writing() as session, savepoint(session):
        session.execute(text("select 1 / 0"))
    assert added(before) == {"data": 1}
    assert [(r.levelno, r.name) for r in caplog.records] == [(logging.ERROR, "warehouse.db.errors")]
    assert "22012" in caplog.text


def test_an_error_that_is_dealt_with_inside_is_neither_logged_nor_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = error_counts()
    with writing() as session, pytest.raises(DataError), savepoint(session):
        session.execute(text("select 1 / 0"))
    assert (added(before), caplog.records) == ({}, [])


def test_values_of_a_row_stay_out_of_message_and_log(caplog: pytest.LogCaptureFixture) -> None:
    error = failing(
        "insert into reference.strategies (name, description, parameters)"
        " values (null, 'a secret', '{}')"
    )
    assert "a secret" not in f"{error} {caplog.text}"


def test_errors_of_the_bare_driver_translate_the_same_way(database: Target) -> None:
    with connect(**database.keywords()) as conn, pytest.raises(DriverError) as failed:
        conn.execute("select 1 / 0")
    ours = translate(failed.value)
    assert isinstance(ours, DataError)
    assert ours.sqlstate == "22012"


def test_errors_that_are_not_the_databases_are_left_alone() -> None:
    error = KeyError("x")
    assert translate(error) is error
    with pytest.raises(KeyError) as raised, writing():
        raise error
    assert raised.value is error


@pytest.mark.usefixtures("strategy")
def test_a_session_goes_on_with_a_new_connection_after_the_pool_lost_its_own() -> None:
    failing("select pg_terminate_backend(pg_backend_pid())")
    with writing() as session:
        assert session.scalar(text("select count(*) from reference.strategies")) == 1
