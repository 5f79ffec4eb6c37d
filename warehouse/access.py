"""The roles of the warehouse: which there are, what is missing, and how it is made.

Roles belong to the cluster and are made here; what each may do is granted by the migrations.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from psycopg import Connection, sql
from psycopg.errors import DuplicateObject, InsufficientPrivilege, UniqueViolation
from psycopg.rows import class_row

from warehouse.errors import PrivilegeMissing
from warehouse.sql import query


class Role(NamedTuple):
    """A group role: it never logs in, logins act as it."""

    name: str
    purpose: str


OWNER = "warehouse_owner"
WRITE = "warehouse_write"
READ = "warehouse_read"
BUILD = "warehouse_build"
API = "warehouse_api"
ACCESS = "warehouse_access"
MAINTAIN = "warehouse_maintain"

ROLES = (
    Role(OWNER, "owns every object"),
    Role(WRITE, "ingests and books"),
    Role(READ, "selects, and nothing else"),
    Role(BUILD, "reads, and makes the marts"),
    Role(API, "executes the report functions, and nothing else"),
    Role(ACCESS, "executes audit.record_access, and nothing else"),
    Role(MAINTAIN, "keeps partitions and statistics in order"),
)

MAKERS = (OWNER, BUILD)  # of the facts' schemas, and of the marts'

# Since 16 a membership says by itself whether it may SET ROLE and inherits; the creator's does neither.
MEMBERSHIP_OPTIONS_SINCE = 160_000


@dataclass(frozen=True)
class RoleFacts:
    """What the cluster says of one wanted role; usable means that the login may act as it."""

    name: str
    present: bool
    can_login: bool
    usable: bool


@dataclass(frozen=True)
class Rights:
    """Who asks, where, and whether the makers may work in that database, the owner in its public."""

    login: str
    database: str
    in_database: bool
    in_public: bool


@dataclass(frozen=True)
class AccessState:
    """All that a plan depends on."""

    server_version: int
    rights: Rights
    roles: Sequence[RoleFacts]


@dataclass(frozen=True)
class RoleChange:
    """One statement, and why it is needed."""

    statement: sql.Composed
    reason: str

    def __str__(self) -> str:
        return f"{self.statement.as_string()};  -- {self.reason}"


def plan(state: AccessState) -> list[RoleChange]:
    """The statements that are still needed, in the order to run them. Pure."""
    purposes = dict(ROLES)
    changes = [
        change for facts in state.roles for change in _role(state, facts, purposes[facts.name])
    ]
    owner, rights = sql.Identifier(OWNER), state.rights
    if not rights.in_database:
        grant = sql.SQL("grant connect, create, temporary on database {} to {}")
        makers = sql.SQL(", ").join(map(sql.Identifier, MAKERS))
        database = sql.Identifier(rights.database)
        changes.append(RoleChange(grant.format(database, makers), "they make the schemas"))
    if not rights.in_public:
        grant = sql.SQL("grant usage, create on schema public to {}")
        changes.append(RoleChange(grant.format(owner), "the migrations' own table is there"))
    return changes


def _role(state: AccessState, facts: RoleFacts, purpose: str) -> list[RoleChange]:
    role = sql.Identifier(facts.name)
    changes = []
    if not facts.present:
        changes.append(RoleChange(sql.SQL("create role {} nologin").format(role), purpose))
    if facts.can_login:
        changes.append(
            RoleChange(sql.SQL("alter role {} nologin").format(role), "a group role never logs in")
        )
    if not facts.usable:
        grant = sql.SQL("grant {} to {}").format(role, sql.Identifier(state.rights.login))
        if state.server_version >= MEMBERSHIP_OPTIONS_SINCE:
            grant += sql.SQL(" with set true, inherit true")
        changes.append(RoleChange(grant, f"{state.rights.login} acts as it"))
    return changes


def read_state(conn: Connection[Any]) -> AccessState:
    """How roles and rights stand now, seen by the connection's user."""
    version = conn.info.server_version
    # 'SET' and 'USAGE' tell the two options apart; before 16 a member may do both.
    kinds = ("SET", "USAGE") if version >= MEMBERSHIP_OPTIONS_SINCE else ("MEMBER", "MEMBER")
    wanted = {"names": [role.name for role in ROLES], "set": kinds[0], "inherit": kinds[1]}
    with conn.cursor(row_factory=class_row(RoleFacts)) as cursor:
        roles = cursor.execute(query("access/list_roles"), wanted).fetchall()
    with conn.cursor(row_factory=class_row(Rights)) as rights_cursor:
        asked = rights_cursor.execute(
            query("access/read_rights"), {"owner": OWNER, "makers": list(MAKERS)}
        )
        (rights,) = asked.fetchall()
    return AccessState(version, rights, roles)


def plan_roles(conn: Connection[Any]) -> list[RoleChange]:
    """What `ensure_roles` would do on this server."""
    return plan(read_state(conn))


def ensure_roles(conn: Connection[Any]) -> list[RoleChange]:
    """Do what is missing, all or nothing, and say what was done; a second run does nothing."""
    with conn.transaction():
        conn.execute(query("access/lock_roles"))
        state = read_state(conn)
        changes = plan(state)
        try:
            done = [change for change in changes if _apply(conn, change)]
        except InsufficientPrivilege as error:
            raise _for_the_administrator(state, changes, error.diag.message_primary) from error
        # A GRANT by someone who may not give the right is only a warning: look again.
        if left := plan_roles(conn):
            raise _for_the_administrator(state, left, "these rights are not its own to give")
    return done


def _apply(conn: Connection[Any], change: RoleChange) -> bool:
    """False when a run in another database of the cluster, which no lock reaches, was faster."""
    try:
        with conn.transaction():
            conn.execute(change.statement)
    except (DuplicateObject, UniqueViolation):
        return False
    return True


def _for_the_administrator(
    state: AccessState, changes: Sequence[RoleChange], reason: str | None
) -> PrivilegeMissing:
    rights = state.rights
    statements = " ".join(f"{change.statement.as_string()};" for change in changes)
    return PrivilegeMissing(
        f"The login {rights.login} may not make the warehouse's roles ({reason}) and nothing was "
        f"changed; have an administrator run in database {rights.database}: {statements}",
        sqlstate=InsufficientPrivilege.sqlstate,
    )
