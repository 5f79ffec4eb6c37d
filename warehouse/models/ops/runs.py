"""What every ledger of runs shares: how far a run is, when it ran and why it failed."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import Vocabulary, check, one_of


class RunState(StrEnum):
    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    ABANDONED = "abandoned"  # found running with nobody behind it: killed


class Run:
    """A run says its times itself, so a ledger has no created_at and updated_at beside them."""

    state: Mapped[RunState] = mapped_column(
        Vocabulary(RunState), comment="How far it is.", sort_order=70
    )
    started_at: Mapped[datetime | None] = mapped_column(
        comment="When it began; null while planned.", sort_order=71
    )
    finished_at: Mapped[datetime | None] = mapped_column(
        comment="When it ended; null until then.", sort_order=72
    )
    error: Mapped[str | None] = mapped_column(comment="Why it failed.", sort_order=73)


def run_checks() -> Iterable[CheckConstraint]:
    """A run's state and its times agree, and a failure says why."""
    return [
        one_of("state", RunState),
        check("started", "(started_at is null) = (state = 'planned')"),
        check("finished", "(finished_at is null) = (state in ('planned', 'running'))"),
        check("run_order", "finished_at >= started_at"),
        check("failure_told", "state <> 'failed' or error is not null"),
    ]
