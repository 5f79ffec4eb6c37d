"""Keeps the marts seconds behind the facts, until it is told to stop.

A look each second costs the server less than a millisecond where nothing was written. Writers do not
notify: a NOTIFY takes a lock that all committing transactions share.
"""

from collections.abc import Callable, Collection
from threading import Event
from typing import Any

from psycopg import Connection

from warehouse.errors import BusyError
from warehouse.refresh.runs import Outcome, refresh
from warehouse.sql import query


def follow(
    conn: Connection[Any],
    stop: Event,
    told: Callable[[Outcome], object],
    only: Collection[str] = (),
    every: float = 1.0,
) -> None:
    """Refresh whenever something was written; on autocommit. A migration is waited for."""
    seen: str | None = None
    while not stop.is_set():
        row = conn.execute(query("refresh/read_news"), {"seen": seen}).fetchone()
        snapshot, is_new = row or (seen, True)
        if is_new:
            try:
                told(refresh(conn, only))
            except BusyError:
                snapshot = seen
        seen = snapshot
        stop.wait(every)
