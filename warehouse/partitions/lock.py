"""Locks: who may see to partitions, and how tables are locked without holding anyone up for long."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

from psycopg import Connection, sql
from tenacity import Retrying, retry_if_exception

from warehouse.db.retry import is_transient, retrying
from warehouse.errors import BusyError, WarehouseError
from warehouse.partitions.naming import quoted
from warehouse.sql import query


class OnReplica(WarehouseError):
    """This server is a replica: its partitions follow the primary's, and nothing was done."""


@dataclass(frozen=True)
class Patience:
    """How long one attempt may wait for a lock, in ms, and how often it is tried.

    Whoever comes while a strong lock is waited for waits behind it, so this is also the longest that
    a reader or a writer is held up.
    """

    lock_timeout: int = 200
    attempts: int = 10
    longest_wait: float = 5.0

    def retrying(self, conn: Connection[Any]) -> Retrying:
        """A server that is gone comes back without this session, whose advisory lock is gone too."""
        return retrying(self.attempts, 0.1, self.longest_wait).copy(
            retry=retry_if_exception(lambda error: is_transient(error) and not conn.closed)
        )


# -- who may ---------------------------------------------------------------------------------------


@contextmanager
def maintenance(conn: Connection[Any]) -> Iterator[None]:
    """One at a time, never on a replica; the server gives the lock back when the session dies."""
    refuse_on_replica(conn)
    row = conn.execute(query("partitions/try_lock_maintenance")).fetchone()
    if not (row and row[0]):
        raise BusyError(_busy(conn))
    try:
        yield
    finally:
        if not conn.closed:
            conn.execute(query("partitions/unlock_maintenance"))


def refuse_on_replica(conn: Connection[Any]) -> None:
    row = conn.execute("select pg_is_in_recovery()").fetchone()
    if row and row[0]:
        raise OnReplica


def _busy(conn: Connection[Any]) -> str:
    row = conn.execute(query("partitions/find_maintainer")).fetchone()
    who = f" (process {row[0]}, {row[1] or 'unnamed'}, since {row[2]:%H:%M:%S})" if row else ""
    return f"Another run is seeing to partitions{who}. Nothing was done; wait for it, or stop it first."


# -- tables ----------------------------------------------------------------------------------------


@dataclass
class Held:
    """How long locks were waited for, in seconds, and since when the last of them are held."""

    waited: float = 0.0
    since: float | None = None


def lock(conn: Connection[Any], held: Held, mode: str, tables: Sequence[tuple[str, str]]) -> None:
    """Take the locks that the next statement takes anyway, in one order, and time the wait."""
    if not tables:
        return
    only = sql.SQL(", ").join(sql.SQL("only {}").format(sql.Identifier(*name)) for name in tables)
    began = monotonic()
    try:
        conn.execute(sql.SQL("lock table {} in {} mode").format(only, sql.SQL(mode)))
    finally:
        held.waited += monotonic() - began
    held.since = monotonic()


def referenced(conn: Connection[Any], table: str, key: str | None = None) -> list[tuple[str, str]]:
    """What a table's keys refer to, or one of them does, in the order everyone locks them."""
    named = {"table": quoted(table), "key": key}
    return conn.execute(query("partitions/list_referenced"), named).fetchall()


# -- settings --------------------------------------------------------------------------------------


def limit_waits(conn: Connection[Any], patience: Patience) -> None:
    """Bound the wait for each lock until the transaction ends."""
    set_config = "select set_config('lock_timeout', %s, true)"
    conn.execute(set_config, [f"{patience.lock_timeout}ms"])


@contextmanager
def settings(conn: Connection[Any], wanted: Mapping[str, str]) -> Iterator[None]:
    """Set the session's settings for the block, outside of any transaction."""
    for name, value in wanted.items():
        conn.execute("select set_config(%s, %s, false)", [name, value])
    try:
        yield
    finally:
        if not conn.closed:
            for name in wanted:
                conn.execute(sql.SQL("reset {}").format(sql.Identifier(name)))
