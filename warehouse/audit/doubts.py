"""What an event says of its rows, held against what is there: counts, and the digest of a small statement.

It closes the time between a write and its seal, before which no hash of the rows was stored.
"""

from collections.abc import Iterator
from typing import Any

from psycopg import Connection

from warehouse.audit.evidence import Event, Evidence, Table, read_rows


def doubts(
    conn: Connection[Any], table: Table | None, event: Event, evidence: Evidence
) -> Iterator[str]:
    """What does not fit, a sentence each."""
    if table is None or not event.writes_rows:
        return
    rows = evidence.rows
    if rows.size != event.row_count:
        yield (
            f"event {event.event_id} wrote {event.row_count} rows of {event.relation}, "
            f"and {rows.size} are there"
        )
    elif event.digest not in (None, rows.digest) and not _as_before(conn, table, event):
        yield (
            f"event {event.event_id} wrote other rows of {event.relation} than are there: "
            "its digest differs"
        )


def _as_before(conn: Connection[Any], table: Table, event: Event) -> bool:
    """Whether the rows fit the digest without columns that were added since they were written."""
    return any(
        read_rows(conn, table.first(count), event).digest == event.digest
        for count in range(len(table.columns) - 1, 0, -1)
    )
