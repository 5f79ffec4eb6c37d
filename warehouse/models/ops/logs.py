"""Schema ops, logs: what the services said, and how long their work took."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped

from warehouse.models.base import (
    Base,
    Partitioning,
    check,
    choice,
    column,
    defaulted,
    identity,
    non_negative,
    one_of,
    table,
)

KEPT = "30 days"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class SystemLog(Base):
    __tablename__ = "system_logs"
    __table_args__ = table(
        "ops",
        "What the services said. One row per message.",
        one_of("level", LogLevel),
        Index(
            None,
            "correlation_id",
            "logged_at",
            postgresql_where=text("correlation_id is not null"),
        ),
        partition=Partitioning("logged_at", "day", premake=7, retention=KEPT),
    )

    logged_at: Mapped[datetime] = column(
        "When it was said.", primary_key=True, server_default=text("now()")
    )
    system_log_id: Mapped[int] = identity("Key of the message.")
    service: Mapped[str] = column("Service that said it.")
    level: Mapped[LogLevel] = choice("How bad it is.", LogLevel)
    event_type: Mapped[str] = column("What kind of thing happened.")
    correlation_id: Mapped[str | None] = column("Joins it to the request or run it came from.")
    message: Mapped[str] = column("What happened, in plain words.")
    payload: Mapped[dict[str, Any]] = defaulted("The values behind it.", "'{}'")


class PerformanceLog(Base):
    __tablename__ = "performance_logs"
    __table_args__ = table(
        "ops",
        "How long work took. One row per operation that was timed.",
        check("row_count_sense", "row_count >= 0"),
        *non_negative("duration_ms"),
        Index(None, "service", "operation", "logged_at"),
        partition=Partitioning("logged_at", "day", premake=7, retention=KEPT),
    )

    logged_at: Mapped[datetime] = column(
        "When it ended.", primary_key=True, server_default=text("now()")
    )
    performance_log_id: Mapped[int] = identity("Key of the measurement.")
    service: Mapped[str] = column("Service that did the work.")
    operation: Mapped[str] = column("What was done.")
    duration_ms: Mapped[float] = column("How long it took.")
    row_count: Mapped[int | None] = column("Rows it dealt with; null = not counted.")
    correlation_id: Mapped[str | None] = column("Joins it to the request or run it was part of.")
