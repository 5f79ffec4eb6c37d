"""Schema ops, jobs: what runs by itself, how its runs went, and the settings it runs by."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from warehouse.models.base import (
    Base,
    Versioned,
    check,
    choice,
    column,
    defaulted,
    identity,
    one_of,
    references,
    table,
)
from warehouse.models.ops.runs import Run, run_checks


class JobState(StrEnum):
    IDLE = "idle"
    RUNNING = "running"
    FAILED = "failed"  # its last run did; it runs again when it is due


class Job(Versioned, Base):
    __tablename__ = "jobs"
    __table_args__ = table(
        "ops",
        "What runs by itself. One row per job.",
        UniqueConstraint("name"),
        one_of("state", JobState),
    )

    job_id: Mapped[int] = identity("Key of the job.")
    name: Mapped[str] = column("Unique name.")
    description: Mapped[str | None] = column("What it does.")
    is_enabled: Mapped[bool] = defaulted("Whether it runs when it is due.", "true")
    schedule: Mapped[str | None] = column(
        "When it is due, as a cron expression in UTC; null = by hand."
    )
    state: Mapped[JobState] = choice(
        "What it does now, or how it last went.", JobState, server_default=text("'idle'")
    )
    last_run_at: Mapped[datetime | None] = column("When it last began; null = never.")
    last_success_at: Mapped[datetime | None] = column("When it last ended well; null = never.")


class JobRun(Run, Base):
    __tablename__ = "job_runs"
    __table_args__ = table(
        "ops",
        "How jobs went. One row per run of a job.",
        *run_checks(),
        check("steps_list", "jsonb_typeof(steps) = 'array'"),
        Index(None, "job_id", "job_run_id"),
    )

    job_run_id: Mapped[int] = identity("Key of the run.")
    job_id: Mapped[int] = references("ops.jobs.job_id", "Job that ran.")
    correlation_id: Mapped[str | None] = column("Finds its lines in the logs.")
    steps: Mapped[list[dict[str, Any]]] = column(
        "Its steps: [{name, state, seconds, message}].", JSONB, server_default=text("'[]'")
    )


class SystemConfig(Base):
    """A setting's rows are its history; two writers of one version meet on the primary key."""

    __tablename__ = "system_config"
    __table_args__ = table(
        "ops",
        "Settings that are kept in the database. One row per key and version; the highest is in force.",
        check("version_positive", "version > 0"),
    )

    key: Mapped[str] = column("Name of the setting.", primary_key=True)
    version: Mapped[int] = column(
        "Counts the setting's values, from 1.", Integer, primary_key=True, autoincrement=False
    )
    value: Mapped[Any | None] = column(
        "The value; null = the setting was removed.", JSONB(none_as_null=True)
    )
    changed_by: Mapped[str] = column("Who set it.")
    changed_at: Mapped[datetime] = defaulted("When it was set.", "now()")
    reason: Mapped[str | None] = column("Why.")
