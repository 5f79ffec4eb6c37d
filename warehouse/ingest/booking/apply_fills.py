"""Brings positions to where the trades of a load say they stand, all in one statement.

The arithmetic is in the server (`trading.average_cost`), where `book_fill` finds it too.
"""

from collections.abc import Iterable
from typing import Any

from psycopg import Connection

from warehouse.sql import query


def apply_fills(conn: Connection[Any]) -> int:
    """Make positions equal the trades that this transaction wrote, corrections and busts too.

    Call it after the last of them; a second call changes nothing. Answers how many positions moved.
    The accounts stay locked until the transaction ends, so that other bookings of theirs wait.
    """
    row = conn.execute(query("booking/apply_fills")).fetchone()
    return int(row[0]) if row else 0


def lock_accounts(conn: Connection[Any], account_ids: Iterable[int]) -> None:
    """Hold accounts until the transaction ends, in the order of their ids, as every booking does."""
    conn.execute(query("booking/lock_accounts"), {"account_ids": list(account_ids)})
