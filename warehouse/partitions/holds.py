"""Legal holds: data of a table and range that must not be retired while someone needs it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from warehouse.errors import WarehouseError
from warehouse.partitions.owner import as_owner
from warehouse.partitions.plan import Policy
from warehouse.sql import query


class HoldRefused(WarehouseError):
    """The hold cannot be placed or released as asked."""


@dataclass(frozen=True)
class Hold:
    """A row of audit.holds."""

    hold_id: int
    parent: str
    time_from: datetime | None
    time_to: datetime | None
    reason: str
    placed_by: str
    placed_at: datetime


def holds(conn: Connection[Any], parents: list[str]) -> list[Hold]:
    """The holds in force on these tables."""
    with conn.cursor(row_factory=class_row(Hold)) as cursor:
        return cursor.execute(query("partitions/list_holds"), {"parents": parents}).fetchall()


def place(
    conn: Connection[Any],
    policy: Policy,
    reach: tuple[datetime | None, datetime | None],
    reason: str,
) -> int:
    """Hold what lies in the range, an open end being None; in the caller's transaction.

    Waits for a drop that has begun; what was detached before is kept as well.
    """
    start, end = reach
    if start and end and start >= end:
        raise HoldRefused(
            f"A hold from {start:%Y-%m-%d} to {end:%Y-%m-%d} holds nothing. Nothing was done; "
            "--to is the first moment that is no longer held."
        )
    if not reason.strip():
        raise HoldRefused("A hold needs a reason: the matter it is for. Nothing was done.")
    placed = {
        "table_schema": policy.schema,
        "table_name": policy.table,
        "time_from": start,
        "time_to": end,
        "reason": reason,
    }
    with as_owner(conn):
        row = conn.execute(query("partitions/place_hold"), placed).fetchone()
    assert row
    return int(row[0])


def release(conn: Connection[Any], hold_id: int) -> None:
    """Let go of a hold, in the caller's transaction; the row stays and says who did."""
    with as_owner(conn):
        if not conn.execute(query("partitions/release_hold"), {"hold_id": hold_id}).rowcount:
            raise HoldRefused(
                f"There is no hold {hold_id} in force. Nothing was done; "
                "`warehouse partitions hold` lists those that are."
            )
