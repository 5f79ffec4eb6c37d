"""Reports of what somebody is told and watches: alerts and watchlists."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from api.parameters import Flag, Priority
from api.reports import Paged, Report
from api.rows import Id

AlertType = Literal[
    "price",
    "volume",
    "technical",
    "fundamental",
    "option",
    "event",
    "order",
    "trade",
    "position",
    "risk",
    "data_quality",
    "system",
]


class AlertSearch(Paged):
    """Which alerts."""

    alert_type: AlertType | None = Field(default=None, description="Only of this type.")
    priority: Priority | None = Field(
        default=None, description="Only as urgent as this; 1 is the most urgent."
    )
    dismissed: Flag | None = Field(
        default=None, description="Only those put away, or only the others."
    )


class Alert(BaseModel):
    """What somebody should know of."""

    created_at: datetime
    alert_id: Id
    principal: str
    alert_type: AlertType
    instrument_id: Id | None
    symbol: str | None
    message: str
    priority: int
    is_read: bool
    is_dismissed: bool


class WatchedInstrument(BaseModel):
    sort_order: int
    instrument_id: Id
    symbol: str
    note: str | None


class Watchlist(BaseModel):
    """A list of instruments that somebody watches."""

    watchlist_id: Id
    principal: str
    name: str
    description: str | None
    items: list[WatchedInstrument]


REPORTS = (
    Report(
        name="alerts",
        path="/alerts",
        summary="Read the alerts of the key's principal, newest first.",
        row=Alert,
        filters=AlertSearch,
        order=("created_at", "alert_id"),
    ),
    Report(
        name="watchlists",
        path="/watchlists",
        summary="Read the watchlists of the key's principal.",
        row=Watchlist,
        order=("watchlist_id",),
    ),
)
