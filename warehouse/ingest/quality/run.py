"""Runs checks: what they find is kept, what they no longer find is closed, each check in one step.

A finding met again is the same finding; one that was accepted stays accepted while its figures stay.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from psycopg import Connection

from warehouse.ingest.quality.checks import CHECKS, Check, Thresholds
from warehouse.models.ops import QualityCheck
from warehouse.sql import query

DAY = timedelta(days=1)
DEFAULT_WINDOW = timedelta(days=7)


@dataclass(frozen=True)
class Window:
    """Whole UTC days, for findings are about days: half of one would look mended."""

    since: datetime
    until: datetime

    @classmethod
    def covering(cls, since: datetime | None, until: datetime | None) -> "Window":
        """The days of [since, until); the last seven where nothing is said."""
        end = until or datetime.now(UTC)
        start = since or end - DEFAULT_WINDOW
        return cls(midnight(start), midnight(end - timedelta(microseconds=1)) + DAY)


@dataclass(frozen=True)
class CheckRun:
    """What a check did: new findings, known ones seen again, and closed ones."""

    check_name: QualityCheck
    new: int
    known: int
    fixed: int


def run_checks(
    conn: Connection[Any],
    window: Window,
    names: Iterable[QualityCheck] = tuple(QualityCheck),
    thresholds: Thresholds = Thresholds(),
) -> list[CheckRun]:
    """Run the named checks over the window, each in a transaction (or savepoint) of its own."""
    wanted = set(names)
    return [_run(conn, check, window, thresholds) for check in CHECKS if check.name in wanted]


def _run(conn: Connection[Any], check: Check, window: Window, thresholds: Thresholds) -> CheckRun:
    parameters = {
        "check_name": check.name,
        "since": window.since,
        "until": window.until,
        "everywhere": check.reach is None,
        "reach": window.since - (check.reach or timedelta(0)),
    } | thresholds.parameters()
    with conn.transaction():
        conn.execute(query("quality/make_found"))
        conn.execute(query(check.query), parameters)
        kept = conn.execute(query("quality/record_findings"), parameters).fetchall()
        fixed = conn.execute(query("quality/close_findings"), parameters).rowcount
        conn.execute("drop table quality_found")
    new = sum(is_new for (is_new,) in kept)
    return CheckRun(check.name, new, len(kept) - new, fixed)


def midnight(moment: datetime) -> datetime:
    return datetime.combine(moment.astimezone(UTC).date(), time(), UTC)
