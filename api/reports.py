"""What a report is: a function of schema api, the route that leads to it, and what may be asked of it.

Declared in api/routes/<noun>.py; asked for in api/asking.py, put into SQL in api/statements.py.
"""

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from enum import Enum
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, Field, create_model

from api.parameters import AccountHash, PageSize, PortfolioId
from api.rows import Kind, kinds
from warehouse.db.reports import functions

VERSION = "/v1"
USUAL_PAGE = 100
LONGEST_CURSOR = 2000

Format = Literal["json", "csv", "ndjson", "arrow"]


class Pace(Enum):
    """How long a report may run, in seconds."""

    QUICK = 2.0  # a few index look-ups
    HEAVY = 8.0  # sums over many rows


class Asking(BaseModel, extra="forbid"):
    """What may be asked of every report."""

    format: Format | None = Field(
        default=None, description="Form of the answer; goes before the Accept header."
    )


class Paged(Asking):
    """What may be asked of every list."""

    limit: PageSize | None = Field(
        default=None,
        description=f"Rows at most: {USUAL_PAGE} in JSON unless said, all of them in the other formats.",
    )
    cursor: str | None = Field(
        default=None, max_length=LONGEST_CURSOR, description="`next_cursor` of the page before."
    )
    count: Literal["none", "estimated", "exact"] = Field(
        default="none",
        description="Whether to count all that match: `estimated` stops at 10,000, `exact` goes on.",
    )


CONTROLS = frozenset({"format", "fields", "limit", "cursor", "count"})


@dataclass(frozen=True)
class Subject:
    """Whose report it is: a path parameter, and the function that says whether a key sees it."""

    name: str
    annotation: Any
    check: str


ACCOUNT = Subject("account", AccountHash, "sees_account")
PORTFOLIO = Subject("portfolio", PortfolioId, "sees_portfolio")


@dataclass(frozen=True)
class Deprecation:
    """Since when a route is deprecated, when it ends, and where to go instead."""

    since: datetime
    ends: datetime
    successor: str

    def headers(self) -> dict[str, str]:
        """As RFC 9745 and RFC 8594 have it."""
        return {
            "Deprecation": f"@{self.since.timestamp():.0f}",
            "Sunset": format_datetime(self.ends, usegmt=True),
            "Link": f'<{self.successor}>; rel="successor-version"',
        }


@dataclass(frozen=True, eq=False)
class Report:
    """One report; `order` names the columns that its rows are sorted by, unique together."""

    name: str
    path: str
    summary: str
    row: type[BaseModel]
    filters: type[Asking] = Paged
    order: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    subject: Subject | None = None
    scope: Literal["read", "audit"] = "read"
    pace: Pace = Pace.QUICK
    description: str = ""
    single: bool = False
    deprecation: Deprecation | None = None

    @cached_property
    def url(self) -> str:
        return VERSION + self.path

    @cached_property
    def tag(self) -> str:
        return self.path.split("/")[1]

    @cached_property
    def columns(self) -> dict[str, Kind]:
        return kinds(self.row)

    @cached_property
    def arguments(self) -> tuple[str, ...]:
        """The function's filters, by the names that both share."""
        own = (name for name in self.filters.model_fields if name not in CONTROLS)
        return (*((self.subject.name,) if self.subject else ()), *own)

    @cached_property
    def positions(self) -> tuple[str, ...]:
        """The function's arguments that say after which row to go on."""
        return tuple(f"after_{column}" for column in self.order)

    @cached_property
    def asking(self) -> type[Asking]:
        """The query's model, with the choice of this row's fields."""
        names: Any = Literal[tuple(self.columns)]
        chosen: Any = (
            list[names] | None,
            Field(default=None, min_length=1, description="Only these fields, in this order."),
        )
        made: type[Asking] = create_model(
            f"Asking_{self.name}", __base__=self.filters, fields=chosen
        )
        return made

    @cached_property
    def version(self) -> str:
        """Changes when the report's SQL or its row does: an answer made by another is stale."""
        (own,) = (f.comment for f in functions() if f.name == self.name)
        return f"{own}{self.columns}"
