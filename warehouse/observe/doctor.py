"""Examines an installation: each check says what it found and, where something is wrong, the cure."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from psycopg import Connection, OperationalError, connect

from warehouse.access import OWNER, plan_roles
from warehouse.audit.rebase import is_foreign
from warehouse.db import migrations
from warehouse.db.errors import cure_of_connection
from warehouse.db.server import OLDEST
from warehouse.db.target import Target, primary
from warehouse.errors import WarehouseError
from warehouse.models.audited import audited
from warehouse.partitions.apply import partitions
from warehouse.partitions.policy import policies
from warehouse.settings import StateSettings
from warehouse.sql import query

ROOM_FOR_DATA = 2 * 1024**3
HEADROOM = timedelta(days=3)


class State(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """What one check found, and what to do about it."""

    check: str
    state: State
    found: str
    cure: str | None = None


def examine() -> Iterator[Finding]:
    """Every check that can be made; those that need what is missing are left out."""
    yield disk(StateSettings().home)
    try:
        target = primary()
        conn = connect(**target.keywords(options="-c timezone=UTC"), autocommit=True)
    except WarehouseError as error:  # which says itself what to do
        yield Finding("server", State.FAIL, str(error))
        return
    except OperationalError as error:
        found = " ".join(str(error).split())
        yield Finding("server", State.FAIL, found, cure_of_connection(found))
        return
    with conn:
        yield server(conn, target)
        yield encoding(conn)
        yield roles(conn)
        yield schema(conn)
        if migrations.current(conn):
            yield headroom(conn)
            yield audit(conn)
            yield log(conn)


def disk(home: Path) -> Finding:
    place = next(p for p in (home.absolute(), *home.absolute().parents) if p.exists())
    free = shutil.disk_usage(place).free
    found = f"{free / 1024**3:.1f} GiB free at {place}"
    if free < ROOM_FOR_DATA:
        return Finding(
            "disk", State.FAIL, found, "Make room, or move WAREHOUSE_HOME to a larger disk."
        )
    return Finding("disk", State.OK, found)


def server(conn: Connection[Any], target: Target) -> Finding:
    version = conn.info.parameter_status("server_version")
    found = f"PostgreSQL {version}, {target.origin}"
    if conn.info.server_version < OLDEST * 10_000:
        return Finding("server", State.FAIL, found, f"Use PostgreSQL {OLDEST} or newer.")
    return Finding("server", State.OK, found)


def encoding(conn: Connection[Any]) -> Finding:
    found = conn.info.parameter_status("server_encoding") or "unknown"
    if found != "UTF8":
        cure = "Create the database anew: create database … encoding 'UTF8' template template0."
        return Finding("encoding", State.FAIL, found, cure)
    return Finding("encoding", State.OK, found)


def roles(conn: Connection[Any]) -> Finding:
    missing = plan_roles(conn)
    if missing:
        cure = "Run `warehouse roles ensure` as a role that may create roles."
        return Finding("roles", State.FAIL, f"{len(missing)} changes are due", cure)
    return Finding("roles", State.OK, "all in place")


def schema(conn: Connection[Any]) -> Finding:
    try:
        pending = migrations.pending(conn)
    except WarehouseError as error:
        return Finding("schema", State.FAIL, "ahead of this code", str(error))
    if pending:
        found = f"{len(pending)} migrations behind"
        return Finding("schema", State.FAIL, found, "Run `warehouse migrate`.")
    return Finding("schema", State.OK, f"at {migrations.current(conn)}")


def headroom(conn: Connection[Any]) -> Finding:
    """How long the tightest table can still take rows of the present."""
    now = datetime.now(UTC)
    ends = {
        policy.parent: max((p.bounds.end for p in partitions(conn, policy)), default=now)
        for policy in policies(conn)
    }
    if not ends:
        return Finding("partitions", State.WARN, "no policy", "Run `warehouse migrate`.")
    tightest = min(ends, key=lambda parent: ends[parent])
    found = f"{tightest} has partitions until {ends[tightest]:%Y-%m-%d}"
    if ends[tightest] - now < HEADROOM:
        return Finding("partitions", State.FAIL, found, "Run `warehouse partitions apply`.")
    return Finding("partitions", State.OK, found)


def audit(conn: Connection[Any]) -> Finding:
    """Whether each audited table still has its triggers, firing for everyone."""
    standing = set(conn.execute(query("observe/list_audit_triggers")).fetchall())
    wanted = {(each.table, trigger) for each in audited() for trigger in each.triggers}
    if lost := sorted(f"{trigger} on {table}" for table, trigger in wanted - standing):
        cure = (
            "Somebody took them away or switched them off; what was written since left no event. "
            "Put them back with audit.watch, and run `warehouse audit reconcile`."
        )
        return Finding("audit", State.FAIL, f"{len(lost)} triggers lost: {lost[0]}", cure)
    return Finding("audit", State.OK, f"{len({t for t, _ in wanted})} tables leave events")


def log(conn: Connection[Any]) -> Finding:
    """Whether the log is this server's, and who could rewrite it: somebody always can."""
    if is_foreign(conn):
        return Finding(
            "log",
            State.FAIL,
            "written on another server, so its readers wait for events that never come",
            "Run `warehouse audit rebase`, once, before anything else.",
        )
    found = conn.execute(query("observe/list_owners"), {"owner": OWNER}).fetchall()
    named = ", ".join(f"{login} ({reason})" for login, reason in found)
    return Finding("log", State.OK, f"could be rewritten by {named or 'nobody'}")
