"""Reports on the data itself: what was written by whom, how new the marts are, and what is wrong."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.parameters import AccountHash, Flag, Key, Text, Window
from api.reports import Pace, Paged, Report
from api.rows import Id, Number

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
    account: AccountHash | None = Field(
        default=None, description="Only those that may have touched this account."
    )
    instrument_id: Key | None = Field(
        default=None, description="Only those that may have touched this instrument."
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


class ProofSearch(Paged):
    """Of which events."""

    event_id: list[Key] = Field(
        min_length=1, max_length=20, description="Events to prove.", examples=[[17]]
    )


class Proof(BaseModel):
    """That an event is in the sealed log; `python -m warehouse.audit.offline` checks `proof` anywhere."""

    event_id: Id
    state: Literal["proved", "not_sealed", "gone", "altered"] = Field(
        description="`gone` was sealed and then retired; `altered` is not what was sealed."
    )
    seal_id: Id | None
    proof: dict[str, Any] | None = Field(
        description="As `warehouse audit prove` writes it; null unless proved."
    )


class Freshness(BaseModel):
    """How new a rollup or mart is."""

    relation: str
    generation: Id
    as_of: datetime = Field(description="Time of the newest write that it has seen.")
    changed_at: datetime
    waiting_since: datetime | None = Field(description="Oldest write that it has not seen.")
    lag_seconds: float


class WrittenSummary(BaseModel):
    """What was ever written to a table by one operation."""

    relation: str
    operation: str
    event_count: int
    row_count: Number
    actor_count: int
    day_count: int = Field(description="Days with such a write.")
    first_event_at: datetime
    last_event_at: datetime


class DataFreshnessSearch(Paged):
    """Of what."""

    kind: Literal["table", "rollup", "materialized view"] | None = Field(
        default=None, description="Only of this kind."
    )


class DataFreshness(BaseModel):
    """How new a table, rollup or materialized view is."""

    relation: str
    kind: str
    newest_event_id: Id | None = Field(
        description="Newest write to it; the generation of the rest."
    )
    newest_event_at: datetime | None
    newest_data_at: datetime | None = Field(description="End of the newest time its rows tell of.")
    waiting_since: datetime | None = Field(description="Oldest write that it has not seen.")
    lag_seconds: float | None


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
        name="audit_proofs",
        path="/audit/proofs",
        summary="Prove that events are in the sealed log.",
        description="Needs a key with the scope `audit`; proves events to keys that see everything.",
        row=Proof,
        filters=ProofSearch,
        order=("event_id",),
        scope="audit",
        pace=Pace.HEAVY,
    ),
    Report(
        name="audit_summary",
        path="/audit/summary",
        summary="Read what was ever written to each audited table.",
        description="Needs a key with the scope `audit`; shown to keys that see everything.",
        row=WrittenSummary,
        order=("relation", "operation"),
        sources=("marts.audit_summary",),
        scope="audit",
    ),
    Report(
        name="data_freshness",
        path="/freshness/data",
        summary="Read how new each table, rollup and mart is.",
        row=DataFreshness,
        filters=DataFreshnessSearch,
        order=("relation",),
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
