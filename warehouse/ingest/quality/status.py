"""Keeps how far each feed has come: by instrument, source and frequency.

The loading path calls it; the checks for gaps and stale feeds read it instead of the bars.
"""

from collections.abc import Sequence
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from warehouse.models.market import Frequency
from warehouse.sql import query


def touch_status(conn: Connection[Any]) -> int:
    """Count the bars that this transaction wrote; how many feeds they were of."""
    with conn.cursor(row_factory=dict_row) as cursor:
        (written,) = cursor.execute(query("quality/read_written")).fetchall()
        if not written["events"]:
            return 0
        return cursor.execute(query("quality/touch_status"), written).rowcount


def fail_status(
    conn: Connection[Any],
    source_id: int,
    error: str,
    instrument_ids: Sequence[int] | None = None,
    frequencies: Sequence[Frequency] | None = None,
) -> int:
    """Say of a source's feeds why a load of them failed; how many feeds those are."""
    told = {
        "source_id": source_id,
        "error": error,
        "instrument_ids": instrument_ids,
        "frequencies": frequencies,
    }
    return conn.execute(query("quality/fail_status"), told).rowcount


def feeds(
    conn: Connection[Any], symbols: Sequence[str] | None = None, most: int = 100
) -> list[dict[str, Any]]:
    """How far the feeds of some symbols, or of all, have come."""
    with conn.cursor(row_factory=dict_row) as cursor:
        told = {"symbols": symbols, "most": most}
        return cursor.execute(query("quality/list_status"), told).fetchall()
