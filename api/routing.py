"""The route of a report: documented as FastAPI does, from the declaration, but answered without its detours.

FastAPI would validate each parameter by itself and the answer too; a report's query is read in one
step by api/asking.py, and its rows come from the database as JSON.
"""

import inspect
from collections.abc import Callable, Coroutine
from functools import cache, partial
from typing import Annotated, Any

from fastapi import Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field, create_model

from api.deps import problems
from api.formats import MEDIA_TYPES
from api.reports import Report
from api.serving import serve

HEADERS = {
    "ETag": "Names this state of this answer; send it back in If-None-Match.",
    "X-As-Of": "Time of the newest write that the answer has seen.",
    "X-Generation": "State of what it was made from; absent where it was read as it stands.",
    "X-Replica-Lag": "Seconds that the replica was behind; absent on a primary.",
    "X-Request-Id": "Yours if you sent one, else a new one.",
    "Server-Timing": "Where the time went.",
}


UNCHANGED: dict[int | str, dict[str, Any]] = {
    304: {"description": "You have it: its ETag is one of those in If-None-Match."}
}
REPORT_PROBLEMS = problems(
    _400="The cursor is not one of this query's, or a value cannot be read.",
    _401="No key that works was sent.",
    _403="The key has not the scope that the report needs.",
    _406="There is no such form of the report.",
    _422="A parameter is not what it should be.",
    _429="The key asks too often, or too much at once; see Retry-After.",
    _431="The headers are too large.",
    _500="The API failed.",
    _503="The API is busy, or cannot reach the database; see Retry-After.",
    _504="The report took too long.",
)


class ReportRoute(APIRoute):
    """GET on one report."""

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__(
            report.url,
            _signed(report),
            methods=["GET"],
            name=report.name,
            operation_id=report.name,
            tags=[report.tag],
            summary=report.summary,
            description=report.description or inspect.getdoc(report.row),
            deprecated=report.deprecation is not None or None,
            response_model=envelope(report),
            response_description="The report.",
            responses=_responses(report),
            openapi_extra={"security": [{"bearer": []}]},
        )

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return partial(serve, self.report)


def _signed(report: Report) -> Callable[..., None]:
    """An endpoint that is never called: its signature is what is documented."""

    def endpoint() -> None: ...

    given = [_parameter("query", Annotated[report.asking, Query()])]
    if report.subject:
        given.insert(0, _parameter(report.subject.name, report.subject.annotation))
    endpoint.__signature__ = inspect.Signature(given)  # type: ignore[attr-defined]
    endpoint.__name__ = report.name
    return endpoint


def _parameter(name: str, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation)


class Total(BaseModel):
    """How many rows match in all."""

    rows: int
    is_: str = Field(alias="is", description="`exact`, or `at_least`.", examples=["exact"])


@cache
def envelope(report: Report) -> type[BaseModel]:
    """The body of its answer."""
    data: Any = report.row if report.single else list[report.row]  # type: ignore[name-defined]
    members: dict[str, Any] = {"data": (data, ...)}
    if not report.single:
        described = Field(description="`cursor` of the next page; null on the last.")
        members["next_cursor"] = (str | None, described)
        members["total"] = (Total | None, Field(default=None, description="As `count` asked."))
    members["as_of"] = (
        str | None,
        Field(description="How new the data is.", examples=["2026-01-05T21:00:00+00:00"]),
    )
    members["generation"] = (
        str | None,
        Field(description="State of what it was made from; null where read as it stands."),
    )
    made: type[BaseModel] = create_model(f"Answer_{report.name}", **members)
    return made


def _responses(report: Report) -> dict[int | str, dict[str, Any]]:
    text = {"schema": {"type": "string"}}
    others = (media.partition(";")[0] for form, media in MEDIA_TYPES.items() if form != "json")
    forms = dict.fromkeys(others, text)
    headers = {name: {"description": said} | text for name, said in HEADERS.items()}
    found: dict[int | str, dict[str, Any]] = {
        200: {"description": "The report.", "content": forms, "headers": headers},
    }
    found |= UNCHANGED | REPORT_PROBLEMS
    if report.subject or report.single:
        found |= problems(_404="There is no such thing, or the key may not see it.")
    return found
