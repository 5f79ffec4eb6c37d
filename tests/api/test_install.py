"""The reports in the database are exactly this code's, and the API's role can run them and no more."""

from typing import Any

import pytest
from psycopg import Connection, connect
from psycopg.errors import InsufficientPrivilege

from api.settings import ServerSettings
from tests.api.serving import started
from warehouse.access import API, OWNER, READ
from warehouse.db import reports
from warehouse.db.reports import Function, functions, install
from warehouse.db.target import Target
from warehouse.errors import SchemaVersionError, StatementError

NAMES = [function.name for function in functions()]


def test_a_second_install_changes_nothing(conn: Connection[Any]) -> None:
    assert install(conn) == []


def test_every_report_runs_as_the_owner_with_a_pinned_path(conn: Connection[Any]) -> None:
    rows = conn.execute(
        "select proname, prosecdef, proowner::regrole::text, proconfig[1] from pg_proc"
        " where pronamespace = 'api'::regnamespace order by proname"
    ).fetchall()
    assert rows == [(name, True, OWNER, "search_path=pg_catalog, pg_temp") for name in NAMES]


def test_only_what_differs_is_installed_again(conn: Connection[Any]) -> None:
    conn.execute("comment on function api.readiness is 'tampered with'")
    assert install(conn) == ["readiness"]
    assert install(conn) == []


def test_a_report_with_other_arguments_leaves_no_second_one_behind(
    conn: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = functions_with(
        "readiness",
        b"-- Nothing.\ncreate function api.readiness(a int, b int) returns table (other int)"
        b" language sql return a + b",
    )
    monkeypatch.setattr(reports, "functions", lambda: changed)
    assert install(conn) == ["readiness"]
    arguments = conn.execute(
        "select pg_get_function_arguments(oid) from pg_proc where proname = 'readiness'"
    )
    assert arguments.fetchall() == [("a integer, b integer",)]
    assert not conn.execute(
        "select where has_function_privilege(%s, 'api.readiness(int, int)', 'execute')", [READ]
    ).fetchall()


def test_a_report_that_is_gone_is_dropped_and_a_foreign_function_is_kept(
    conn: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    conn.execute("create function api.theirs() returns int language sql return 1")
    monkeypatch.setattr(reports, "functions", lambda: functions_without("readiness"))
    assert install(conn) == ["readiness"]
    left = {row[0] for row in conn.execute(reports.INSTALLED)}
    assert left == {"theirs", *NAMES} - {"readiness"}


def test_installing_leaves_the_transaction_and_the_role_to_the_caller(
    served: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "functions", lambda: functions_without("readiness"))
    with connect(**served.keywords()) as conn:
        before = conn.execute("select current_user").fetchone()
        install(conn)
        assert conn.execute("select current_user").fetchone() == before
        conn.rollback()
        assert "readiness" in {row[0] for row in conn.execute(reports.INSTALLED)}


def test_a_server_without_the_role_is_told_to_make_it(
    conn: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "API", "no_such_role")
    with pytest.raises(StatementError, match="warehouse roles ensure"):
        install(conn)


def test_the_api_role_runs_reports_and_nothing_else(conn: Connection[Any], key: str) -> None:
    conn.execute(f"set role {API}")
    found = "select * from api.market_instruments(key_id => 1, q => 'AAPL')"
    assert conn.execute(found).fetchall()
    with pytest.raises(InsufficientPrivilege):
        conn.execute("select 1 from reference.instruments")
    conn.execute("reset role")
    granted = conn.execute(
        "select c.oid::regclass::text from pg_class as c join pg_namespace as n"
        " on n.oid = c.relnamespace where n.nspname !~ '^(pg_|information_schema)'"
        " and c.relkind in ('r', 'p', 'v', 'm') and has_table_privilege(%s, c.oid, 'select')",
        [API],
    )
    assert granted.fetchall() == []


def test_other_roles_may_not_run_reports(conn: Connection[Any]) -> None:
    conn.execute(f"set role {READ}")
    with pytest.raises(InsufficientPrivilege):
        conn.execute("select * from api.readiness()")


async def test_the_api_does_not_start_on_other_functions(
    served: Target, settings: ServerSettings
) -> None:
    with connect(**served.keywords()) as conn:
        conn.execute("drop function api.market_instruments")
    with pytest.raises(SchemaVersionError, match=r"market_instruments.*warehouse migrate"):
        async with started(served, settings):
            pass


def functions_without(name: str) -> tuple[Function, ...]:
    return tuple(function for function in functions() if function.name != name)


def functions_with(name: str, statement: bytes) -> tuple[Function, ...]:
    return (*functions_without(name), Function(name, statement))
