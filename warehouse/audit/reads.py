"""Who read what: the records that the API commits before it answers, a page at a time, by index."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, LiteralString

from psycopg import Connection, sql
from psycopg.rows import class_row

from warehouse.audit.history import MOMENT, Position
from warehouse.sql import query


@dataclass(frozen=True)
class AskedReads:
    """What the records must match; None asks nothing. `since` is included, `until` is not."""

    login: str | None = None
    report: str | None = None
    request_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Read:
    """A report that was asked for."""

    access_id: int
    accessed_at: datetime
    principal_id: int | None
    login: str | None
    api_key_id: int | None
    report: str
    filter: Mapping[str, Any]
    row_count: int | None
    status: int
    request_id: str | None


def reads(
    conn: Connection[Any], asked: AskedReads, *, after: Position | None = None, limit: int = 50
) -> tuple[Sequence[Read], Position | None]:
    """The reads that match, newest first, and where the next page begins."""
    if after:
        end = after.occurred_at + MOMENT
        asked = replace(asked, until=min(asked.until or end, end))
    at, access_id, _ = after or (None, None, None)
    position = {"at": at, "id": access_id, "wanted": limit + 1}
    statement = sql.SQL(_PAGE).format(sql.SQL(query("audit/list_reads")))
    with conn.cursor(row_factory=class_row(Read)) as cursor:
        found = cursor.execute(statement, asdict(asked) | position, prepare=False).fetchall()
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], Position(last.accessed_at, last.access_id)


_PAGE: LiteralString = """
    select * from ({}) as r
    where %(at)s::timestamptz is null or (r.accessed_at, r.access_id) < (%(at)s, %(id)s)
    order by r.accessed_at desc, r.access_id desc
    limit %(wanted)s
"""
