"""What the checks have found: read, and resolved by people."""

from collections.abc import Sequence
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from warehouse.errors import WarehouseError
from warehouse.models.ops import QualityCheck, Resolution, Severity
from warehouse.sql import query


class NotOpen(WarehouseError):
    """There is no open finding with this number; nothing was changed. `warehouse quality list` shows them."""


def findings(
    conn: Connection[Any],
    severity: Severity = Severity.INFO,
    checks: Sequence[QualityCheck] | None = None,
    *,
    resolved: bool = False,
    most: int = 100,
) -> list[dict[str, Any]]:
    """Open findings of that severity and above, newest first; resolved ones too when asked for."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            query("quality/list_findings"),
            {
                "severities": at_least(severity),
                "checks": checks,
                "resolved": resolved,
                "most": most,
            },
        ).fetchall()


def resolve(
    conn: Connection[Any], finding_id: int, resolution: Resolution, note: str | None
) -> None:
    """Close an open finding with what became of it."""
    told = {"finding_id": finding_id, "resolution": resolution, "note": note}
    if conn.execute(query("quality/resolve_finding"), told).rowcount == 0:
        raise NotOpen(
            f"There is no open finding {finding_id}; nothing was changed. "
            "`warehouse quality list` shows them."
        )


def at_least(severity: Severity) -> list[Severity]:
    """The severity and those above it."""
    ascending = list(Severity)
    return ascending[ascending.index(severity) :]
