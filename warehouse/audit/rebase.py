"""Lets a log that was restored from a dump be read on: its transaction ids are another server's."""

from typing import Any

from psycopg import Connection

from warehouse.sql import query


def is_foreign(conn: Connection[Any]) -> bool:
    """Whether the log holds events that no reader here will ever see."""
    row = conn.execute(query("audit/find_foreign_events")).fetchone()
    return bool(row and row[0])


def rebase(conn: Connection[Any]) -> int:
    """Give every event an id of this server, in the caller's transaction; answers how many."""
    row = conn.execute(query("audit/rebase_events")).fetchone()
    assert row
    return int(row[0])
