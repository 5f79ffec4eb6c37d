"""Runs the steps that add, rebuild and drop indexes, one run at a time on a table.

Needs a connection in autocommit: CONCURRENTLY is refused inside a transaction.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, Error, sql
from psycopg.errors import LockNotAvailable
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from warehouse.access import OWNER
from warehouse.db.errors import translate
from warehouse.db.retry import retrying
from warehouse.errors import BusyError, DatabaseError, StatementError
from warehouse.partitions.index_catalog import read_index, table_parts
from warehouse.partitions.index_ledger import Entry, Round, enter, rebuild_round
from warehouse.partitions.indexes import (
    IndexStep,
    OnlineIndex,
    plan_add,
    plan_drop,
    plan_reindex,
)
from warehouse.partitions.owner import as_owner
from warehouse.sql import query


@dataclass(frozen=True)
class Waits:
    """How long to wait for locks, as PostgreSQL writes times.

    A short lock makes others queue behind it. A concurrent build blocks nobody while it waits for
    older transactions to end, so it may take its time.
    """

    short: str = "1s"
    build: str = "10min"


WAITS = Waits()
SETTINGS = {
    "role": OWNER,
    # How long to wait for one's turn: longer than it takes the server to end a killed run's build.
    "lock_timeout": "5s",
    "client_connection_check_interval": "1s",
}


def add_index(conn: Connection[Any], index: OnlineIndex, waits: Waits = WAITS) -> list[IndexStep]:
    """Build an index while its table is read and written; what was cut short is carried on."""
    with working(conn, index.parent):
        steps = plan_add(conn, index)
        _run_all(conn, enter(conn, index.parent, steps, Round()), waits)
        _insist_on_valid(conn, index)
    return steps


def drop_index(
    conn: Connection[Any], schema: str, name: str, waits: Waits = WAITS
) -> list[IndexStep]:
    """Drop an index; a partitioned one takes ACCESS EXCLUSIVE on the table for an instant."""
    # A run that was killed right after the drop left nothing to drop, only its step in the ledger.
    with as_owner(conn):
        conn.execute(query("partitions/abandon_index_runs"))
    found = plan_drop(conn, schema, name)[-1]
    parent = f"{schema}.{found.table}"
    with working(conn, parent):
        steps = plan_drop(conn, schema, name)
        _run_all(conn, enter(conn, parent, steps, Round()), waits)
    return steps


def reindex(
    conn: Connection[Any], schema: str, table: str, index: str | None = None, waits: Waits = WAITS
) -> list[IndexStep]:
    """Rebuild a table's indexes, or one of them; a run that was cut short goes on where it was."""
    with working(conn, f"{schema}.{table}"):
        this, steps = pending_reindex(conn, schema, table, index)
        _run_all(conn, enter(conn, f"{schema}.{table}", steps, this), waits)
    return steps


def pending_reindex(
    conn: Connection[Any], schema: str, table: str, index: str | None = None
) -> tuple[Round, list[IndexStep]]:
    """What `reindex` would do now, and the pass that it belongs to."""
    parts = table_parts(conn, schema, table, index)
    this = rebuild_round(
        conn, f"{schema}.{table}", index, [f"{schema}.{each.partition}" for each in parts]
    )
    left = [each for each in parts if f"{schema}.{each.partition}" not in this.done]
    return this, plan_reindex(conn, schema, table, index, left)


# -- one step --------------------------------------------------------------------------------------


def run(conn: Connection[Any], step: IndexStep, waits: Waits = WAITS) -> None:
    """Run one step; where a build fails, its INVALID index goes with it."""
    if not step.concurrently:
        for attempt in retrying():
            with attempt, conn.transaction():
                _wait_at_most(conn, waits.short)
                conn.execute(step.statement)
        return
    _wait_at_most(conn, waits.build)
    try:
        conn.execute(step.statement)
    except Error as error:
        if conn.broken:
            raise
        raise _cut_short(conn, step, error, waits) from error


def _run_all(conn: Connection[Any], entries: Iterable[Entry], waits: Waits) -> None:
    for entry in entries:
        with entry.told(conn):
            run(conn, entry.step, waits)


def _wait_at_most(conn: Connection[Any], time: str) -> None:
    conn.execute(
        "select set_config('lock_timeout', %s, %s)",
        [time, conn.info.transaction_status == TransactionStatus.INTRANS],
    )


def _cut_short(conn: Connection[Any], step: IndexStep, error: Error, waits: Waits) -> DatabaseError:
    """The error with what became of its leftover, and who was waited for."""
    ours = translate(error)
    reason = _whom(conn, waits) if isinstance(error, LockNotAvailable) else str(ours)
    kept = _take_away(conn, step, waits) if step.leftover else "What is valid was kept."
    return StatementError(
        f"{step.schema}.{step.name}: {reason} {kept} Run the command again to go on.",
        sqlstate=error.sqlstate,
    )


def _whom(conn: Connection[Any], waits: Waits) -> str:
    role = _setting(conn, "role")
    conn.execute("set role none")  # the login may see more of other sessions than the owner does
    with conn.cursor(row_factory=dict_row) as cursor:
        oldest = cursor.execute(query("partitions/read_oldest_transaction")).fetchone()
    _set(conn, {"role": role})
    who = (
        " The oldest open transaction is that of {usename} ({application}), server process {pid}, "
        "since {xact_start:%Y-%m-%d %H:%M:%S}.".format(**oldest)
        if oldest
        else ""
    )
    return f"transactions older than it did not end within {waits.build}.{who}"


def _take_away(conn: Connection[Any], step: IndexStep, waits: Waits) -> str:
    """What a failed build leaves is of no use to anyone, and costs every write."""
    name = sql.Identifier(step.schema, step.leftover or "")
    try:
        _wait_at_most(conn, waits.short)
        conn.execute(sql.SQL("drop index concurrently if exists {}").format(name))
    except Error:
        return "Its INVALID index could not be dropped yet; the next run does that first."
    return "Its INVALID index was dropped; what is valid was kept."


def _insist_on_valid(conn: Connection[Any], index: OnlineIndex) -> None:
    found = read_index(conn, index.schema, index.name)
    if found and not found.is_valid:
        raise StatementError(
            f"Every partition of {index.parent} has its part of {index.name} and uses it, but this "
            "server does not mark the whole as valid again once a partition went while it was "
            "built. Drop the index and add it anew where it must be UNIQUE; else leave it."
        )


# -- one run at a time -----------------------------------------------------------------------------


@contextmanager
def working(conn: Connection[Any], table: str) -> Iterator[None]:
    """As the owner, alone at the table's indexes, and missed by the server soon if it is killed."""
    before = {name: _setting(conn, name) for name in SETTINGS}
    try:
        _set(conn, SETTINGS)
        _take_turn(conn, table)
        try:
            conn.execute(query("partitions/abandon_index_runs"))
            yield
        finally:
            if not conn.broken:
                conn.execute(query("partitions/unlock_indexes"), {"table": table})
    finally:
        if not conn.broken:
            _set(conn, before)


def _take_turn(conn: Connection[Any], table: str) -> None:
    try:
        conn.execute(query("partitions/lock_indexes"), {"table": table})
    except LockNotAvailable as error:
        raise BusyError(
            f"Another run works on the indexes of {table}; nothing was done. Wait for it, or stop it."
        ) from error


def _setting(conn: Connection[Any], name: str) -> str:
    row = conn.execute("select current_setting(%s)", [name]).fetchone()
    return str(row[0]) if row else ""


def _set(conn: Connection[Any], settings: Mapping[str, str]) -> None:
    for name, value in settings.items():
        conn.execute("select set_config(%s, %s, false)", [name, value])
