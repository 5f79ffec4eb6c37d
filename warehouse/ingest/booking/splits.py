"""Books the splits that have come into effect, for nobody trades on a split itself.

The arithmetic is in the server (`trading.rebook_positions`), which goes through splits whenever it books anew.
"""

from typing import Any

from psycopg import Connection

from warehouse.sql import query


def book_splits(conn: Connection[Any]) -> int:
    """Make what is held equal its trades through all splits until today; again, it changes nothing."""
    row = conn.execute(query("booking/book_splits")).fetchone()
    return int(row[0]) if row else 0
