"""The roles are made once, however often and from wherever that is asked, or the way on is told."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

import pytest
from psycopg import Connection, connect

from warehouse import access
from warehouse.access import (
    BUILD,
    OWNER,
    ROLES,
    AccessState,
    Rights,
    RoleFacts,
    ensure_roles,
    plan,
    plan_roles,
    read_state,
)
from warehouse.db.scratch import scratch_database
from warehouse.db.target import Target
from warehouse.errors import PrivilegeMissing

NAMES = [role.name for role in ROLES]


# -- the plan --------------------------------------------------------------------------------------


def state(server_version: int = 180_001, *, done: bool, can_login: bool = False) -> AccessState:
    rights = Rights("ada", "trading", in_database=done, in_public=done)
    facts = [RoleFacts(name, done, can_login, done) for name in NAMES]
    return AccessState(server_version, rights, facts)


def planned(state: AccessState) -> list[str]:
    return [change.statement.as_string() for change in plan(state)]


def test_nothing_is_planned_where_all_is_in_place() -> None:
    assert plan(state(done=True)) == []


def test_what_is_missing_is_made_before_it_is_granted() -> None:
    statements = planned(state(done=False))
    for name in NAMES:
        made = statements.index(f'create role "{name}" nologin')
        assert statements[made + 1] == f'grant "{name}" to "ada" with set true, inherit true'
    assert statements[-2:] == [
        'grant connect, create, temporary on database "trading" to "warehouse_owner", "warehouse_build"',
        'grant usage, create on schema public to "warehouse_owner"',
    ]
    assert len(statements) == 2 * len(NAMES) + 2


def test_before_16_a_membership_has_no_options() -> None:
    assert 'grant "warehouse_read" to "ada"' in planned(state(150_000, done=False))


def test_a_group_role_that_can_log_in_loses_that() -> None:
    assert planned(state(done=True, can_login=True)) == [
        f'alter role "{name}" nologin' for name in NAMES
    ]


def test_a_change_prints_as_a_statement_with_its_reason() -> None:
    assert str(plan(state(done=False))[0]) == (
        'create role "warehouse_owner" nologin;  -- owns every object'
    )


# -- on a server -----------------------------------------------------------------------------------


@pytest.fixture
def conn(database: Target) -> Iterator[Connection[Any]]:
    """The administrator's connection."""
    with connect(**database.keywords(), autocommit=True) as conn:
        yield conn


@pytest.fixture
def undone(conn: Connection[Any]) -> Iterator[Connection[Any]]:
    """What happens in here is seen by nobody else, and not kept: roles belong to the whole cluster."""
    with conn.transaction(force_rollback=True):
        yield conn


@pytest.fixture
def without_roles(undone: Connection[Any]) -> Connection[Any]:
    """As if the cluster had none of the roles."""
    for name in NAMES:
        undone.execute(f"alter role {name} rename to {name}_before")
    return undone


def test_a_second_run_changes_nothing(conn: Connection[Any]) -> None:
    ensure_roles(conn)
    assert plan_roles(conn) == []
    assert ensure_roles(conn) == []


def test_planning_changes_nothing(without_roles: Connection[Any]) -> None:
    assert plan_roles(without_roles) == plan_roles(without_roles) != []
    assert not any(facts.present for facts in read_state(without_roles).roles)


def test_roles_are_made_that_hold_rights_but_never_log_in(without_roles: Connection[Any]) -> None:
    ensure_roles(without_roles)
    found = without_roles.execute(
        "select rolname from pg_roles where rolname = any(%s)"
        " and not (rolcanlogin or rolsuper or rolcreaterole or rolcreatedb or rolbypassrls)",
        [NAMES],
    )
    assert {name for (name,) in found} == set(NAMES)


def test_a_role_that_someone_let_log_in_is_mended(undone: Connection[Any]) -> None:
    ensure_roles(undone)
    undone.execute("alter role warehouse_owner login")
    assert [c.statement.as_string() for c in ensure_roles(undone)] == [
        'alter role "warehouse_owner" nologin'
    ]


def test_only_the_makers_may_make_schemas_and_only_the_owner_works_in_public(
    undone: Connection[Any],
) -> None:
    ensure_roles(undone)
    able = undone.execute(
        "select rolname::text, has_schema_privilege(oid, 'public', 'create') from pg_roles"
        " where rolname = any(%s) and has_database_privilege(oid, current_database(), 'create')",
        [NAMES],
    )
    assert dict(able.fetchall()) == {OWNER: True, BUILD: False}


@pytest.fixture
def login(undone: Connection[Any]) -> str:
    """A login of no rights."""
    name = f"ada_{token_hex(4)}"
    undone.execute(f"create role {name} login")
    return name


def test_who_may_make_roles_and_owns_the_database_needs_no_administrator(
    without_roles: Connection[Any], login: str, database: Target
) -> None:
    conn = without_roles
    conn.execute(f"alter role {login} createrole")
    conn.execute(f"alter database {database.keywords()['dbname']} owner to {login}")
    conn.execute(f"set local session authorization {login}")
    assert len(ensure_roles(conn)) == 2 * len(NAMES) + 2
    assert ensure_roles(conn) == []
    for name in NAMES:  # since 16 making a role does not yet allow acting as it
        conn.execute(f"set local role {name}")
    assert conn.execute("select current_user").fetchone() == (NAMES[-1],)


def test_who_may_not_is_given_the_sql_and_what_an_administrator_makes_of_it_is_enough(
    without_roles: Connection[Any], login: str
) -> None:
    conn = without_roles
    conn.execute(f"set local session authorization {login}")
    with pytest.raises(
        PrivilegeMissing, match=f"{login} may not make .* nothing was changed"
    ) as told:
        ensure_roles(conn)
    assert not any(facts.present for facts in read_state(conn).roles)
    conn.execute("set local session authorization default")
    conn.execute(str(told.value).partition("in database ")[2].partition(": ")[2].encode())
    conn.execute(f"set local session authorization {login}")
    assert ensure_roles(conn) == []


def test_a_grant_that_the_server_only_warns_of_is_not_taken_for_done(
    undone: Connection[Any], login: str
) -> None:
    for name in NAMES:
        undone.execute(f"grant {name} to {login}")
    undone.execute(f"revoke create on schema public from {OWNER}")
    undone.execute(f"set local session authorization {login}")
    with pytest.raises(PrivilegeMissing, match="grant usage, create on schema public"):
        ensure_roles(undone)


@pytest.fixture
def roles_of_its_own(conn: Connection[Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Roles that no other test needs, for they are committed."""
    names = [f"warehouse_{token_hex(4)}_{n}" for n in range(2)]
    monkeypatch.setattr(access, "ROLES", tuple(access.Role(name, "is tested") for name in names))
    yield names
    for name in names:
        conn.execute(f"drop role if exists {name}")


@dataclass(frozen=True)
class Runs:
    """What two runs did, the second of which had to wait for the first."""

    first: list[str]
    second: list[str]


def run_two_at_once(
    conn: Connection[Any], place: Target, until: Callable[[Callable[[], bool]], None]
) -> Runs:
    with connect(**place.keywords(), autocommit=True) as second, ThreadPoolExecutor(1) as threads:

        def second_waits() -> bool:
            blockers = "select cardinality(pg_blocking_pids(%s))"
            return conn.execute(blockers, [second.info.backend_pid]).fetchone() == (1,)

        with conn.transaction():
            first = ensure_roles(conn)
            running = threads.submit(ensure_roles, second)
            until(second_waits)
        return Runs([str(change) for change in first], [str(c) for c in running.result()])


def test_two_runs_at_once_in_one_database_both_succeed(
    conn: Connection[Any], database: Target, until: Callable[[Callable[[], bool]], None]
) -> None:
    ensure_roles(conn)
    conn.execute(f"revoke create on schema public from {OWNER}")
    runs = run_two_at_once(conn, database, until)
    assert (len(runs.first), runs.second) == (1, [])


@pytest.mark.usefixtures("roles_of_its_own")
def test_two_runs_at_once_in_two_databases_both_succeed(
    conn: Connection[Any], database: Target, until: Callable[[Callable[[], bool]], None]
) -> None:
    with scratch_database(database) as other:
        runs = run_two_at_once(conn, other, until)
    assert sum(change.startswith("create role") for change in runs.first) == 2
    assert not any(change.startswith("create role") for change in runs.second)
