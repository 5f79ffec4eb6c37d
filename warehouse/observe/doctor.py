"""Examines an installation: each check says what it found and, where something is wrong, the cure."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from psycopg import Connection, OperationalError, connect

from warehouse.access import plan_roles
from warehouse.db import migrations
from warehouse.db.errors import cure_of_connection
from warehouse.db.server import OLDEST
from warehouse.db.target import Target, primary
from warehouse.errors import WarehouseError
from warehouse.partitions.apply import partitions
from warehouse.partitions.policy import policies
from warehouse.settings import StateSettings

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
