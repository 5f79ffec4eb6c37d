"""Indexes on tables that are in use: built and dropped without blocking a reader or a writer."""

from typing import Any

from alembic import op
from psycopg import Connection, sql

from warehouse.partitions.index_catalog import read_index
from warehouse.partitions.index_runs import Waits, run
from warehouse.partitions.indexes import (
    OnlineIndex,
    create_statement,
    plan_add,
    plan_drop,
)

__all__ = ["OnlineIndex", "create_index_online", "drop_index_online"]


def create_index_online(index: OnlineIndex) -> None:
    """Build an index while its table is read and written; what was cut short is carried on.

    Offline SQL prints the plain statement.
    """
    if op.get_context().as_sql:
        op.execute(create_statement(index, index.name, index.table).as_string())
        return
    with op.get_context().autocommit_block():
        conn = _driver_connection()
        for step in plan_add(conn, index):
            run(conn, step, _waits(conn))


def drop_index_online(schema: str, table: str, name: str) -> None:
    """Drop an index, if it is there; a partitioned one takes a short lock on its table."""
    if op.get_context().as_sql:
        index = sql.Identifier(schema, name)
        op.execute(sql.SQL("drop index if exists {}").format(index).as_string())
        return
    with op.get_context().autocommit_block():
        conn = _driver_connection()
        found = read_index(conn, schema, name)
        if found and found.table_name == table:
            for step in plan_drop(conn, schema, name):
                run(conn, step, _waits(conn))


def _driver_connection() -> Connection[Any]:
    conn = op.get_bind().connection.driver_connection
    assert isinstance(conn, Connection)
    return conn


def _waits(conn: Connection[Any]) -> Waits:
    """A migration waits as long as it was set to, for everything."""
    row = conn.execute("select current_setting('lock_timeout')").fetchone()
    return Waits(row[0], row[0]) if row else Waits()
