"""Finds the rows of an event that were written again by someone else, by the transaction that stands in them.

Only a hint, which a proof does not need: a restored database has one transaction in all rows.
"""

from typing import Any

from psycopg import Connection, sql

from warehouse.audit.evidence import Event, Table, times_of

MOST = 20  # keys; where more differ, it is another transaction's doing than a hand's
WRAP = 1 << 32  # a row keeps the lower half of its transaction's id
ROWS = sql.SQL("""
    select concat_ws('/', {keys})
    from {table} as r
    where r.event_id = {event_id} and r.xmin::text <> {xid} {times}
    order by 1
    limit {most}
""")
IMAGES = sql.SQL("""
    select i.row_key
    from audit.images as i
    where i.event_id = {event_id} and i.occurred_at = {at} and i.xmin::text <> {xid}
    order by 1
    limit {most}
""")


def changed_rows(conn: Connection[Any], table: Table, event: Event) -> tuple[str, ...]:
    """Keys of rows that name the event and were written by another transaction."""
    keys = (sql.Identifier("r", name) for name in table.keys)
    return _few(
        conn,
        ROWS.format(
            keys=sql.SQL(", ").join(keys),
            table=table.identifier,
            times=times_of(table, [event]),
            **_named(event),
        ),
    )


def changed_images(conn: Connection[Any], event: Event) -> tuple[str, ...]:
    """Keys of rows whose image in the event was written by another transaction."""
    return _few(conn, IMAGES.format(at=sql.Literal(event.occurred_at), **_named(event)))


def _few(conn: Connection[Any], statement: sql.Composed) -> tuple[str, ...]:
    found = conn.execute(statement).fetchall()
    return tuple(key for (key,) in found) if len(found) <= MOST else ()


def _named(event: Event) -> dict[str, sql.Literal]:
    return {
        "event_id": sql.Literal(event.event_id),
        "xid": sql.Literal(str(int(event.xid) % WRAP)),
        "most": sql.Literal(MOST + 1),
    }
