"""Reports on the data itself: what was written by whom, how new the marts are, and what is wrong."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from api.parameters import Flag, Key, Text, Window
from api.reports import Paged, Report
from api.rows import Id

QualityCheck = Literal[
    "ohlc_order", "calendar_gap", "stale", "spike", "sources_disagree", "duplicate"
]


class EventSearch(Window, Paged):
    """Which events."""

    relation: Text | None = Field(
        default=None, max_length=130, description="Only of this table.", examples=["trading.trades"]
    )
    actor: Text | None = Field(default=None, max_length=200, description="Only by this actor.")
    request_id: Text | None = Field(
        default=None, max_length=200, description="Only of this request."
    )


class Event(BaseModel):
    """One write: who, when, to which table, how many rows, which time range."""

    occurred_at: datetime
    event_id: Id
    actor: str
    application: str | None
    request_id: str | None
    reason: str | None
    relation: str
    operation: str
    row_count: int
    time_from: datetime | None
    time_to: datetime | None
    batch_id: Id | None


class Freshness(BaseModel):
    """How new a rollup or mart is."""

    relation: str
    generation: Id
    as_of: datetime = Field(description="Time of the newest write that it has seen.")
    changed_at: datetime
    waiting_since: datetime | None = Field(description="Oldest write that it has not seen.")
    lag_seconds: float


class FindingSearch(Paged):
    """Which findings."""

    check_name: QualityCheck | None = Field(default=None, description="Only of this check.")
    instrument_id: Key | None = Field(default=None, description="Only about this instrument.")
    open: Flag | None = Field(default=None, description="Only open ones, or only resolved ones.")


class Finding(BaseModel):
    """Something that is wrong with the data."""

    detected_at: datetime
    finding_id: Id
    check_name: QualityCheck
    severity: str
    relation: str
    instrument_id: Id | None
    symbol: str | None
    frequency: str | None
    time_from: datetime | None
    time_to: datetime | None
    message: str
    last_seen_at: datetime
    resolution: str | None
    resolved_at: datetime | None


REPORTS = (
    Report(
        name="audit_events",
        path="/audit/events",
        summary="Read what was written, newest first.",
        description="Needs a key with the scope `audit`; shows events to keys that see everything.",
        row=Event,
        filters=EventSearch,
        order=("occurred_at", "event_id"),
        scope="audit",
    ),
    Report(
        name="freshness",
        path="/freshness",
        summary="Read how new each rollup and mart is.",
        row=Freshness,
        order=("relation",),
    ),
    Report(
        name="data_quality",
        path="/quality",
        summary="Read what is wrong with the data, newest first.",
        row=Finding,
        filters=FindingSearch,
        order=("detected_at", "finding_id"),
    ),
)
