"""Acts as the owner of the schema for the time of a block: what is made inside is the owner's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import Connection, sql
from psycopg.pq import TransactionStatus

from warehouse.access import OWNER


@contextmanager
def as_owner(conn: Connection[Any]) -> Iterator[None]:
    """Inside a transaction that fails, the rollback puts the role back; else it is done here."""
    row = conn.execute("select current_setting('role')").fetchone()
    conn.execute(_set_role(OWNER))
    try:
        yield
    finally:
        if conn.info.transaction_status in (TransactionStatus.IDLE, TransactionStatus.INTRANS):
            conn.execute(_set_role(row[0] if row else "none"))


def _set_role(name: str) -> sql.Composed:
    return sql.SQL("set role {}").format(sql.Identifier(name))
