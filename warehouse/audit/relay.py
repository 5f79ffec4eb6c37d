"""Hands events on as lines: in stable order, at least once, each reader from where it was.

What carries the lines further is the caller's.
"""

from collections.abc import Callable
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from warehouse.sql import query

PAGE = 1_000


def relay(conn: Connection[Any], name: str, take: Callable[[list[str]], object]) -> int:
    """Hand on what was written since the last time; how many events there were. In autocommit.

    The place moves once all were taken: whoever dies before gets them again. Two of one name take turns.
    """
    consumer, count = f"relay {name}", 0
    with conn.transaction():
        conn.execute("select audit.read_cursor(%s)", [consumer])
        # In a statement of its own, so that it sees what a former reader committed.
        with conn.cursor(row_factory=dict_row) as cursor:
            span = cursor.execute(query("audit/read_relay_span"), {"consumer": consumer}).fetchone()
        assert span
        with conn.cursor("relay") as found:
            found.execute(query("audit/relay_events"), span)
            while page := found.fetchmany(PAGE):
                take([line for (line,) in page])
                count += len(page)
        conn.execute("select audit.move_cursor(%s, %s)", [consumer, span["upto"]])
    return count
