"""What somebody wants to see first: a portfolio, what its accounts just traded, and what is to be known.

Its parts are reports, asked for at the same time; each is recorded, and answered from memory, as alone.
"""

import asyncio
from itertools import repeat
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import create_model

from api import tags
from api.asking import asked, missing
from api.cache import Page
from api.deps import problems
from api.head import head_of
from api.parameters import PortfolioId
from api.reports import VERSION, Report
from api.routes.nouns import REPORTS
from api.routing import REPORT_PROBLEMS, UNCHANGED, envelope
from api.sending import until_gone
from api.serving import (
    CACHE_CONTROL,
    VARY,
    Reading,
    Service,
    fetched,
    kept,
    tag_of,
    unchanged,
)

router = APIRouter(prefix=VERSION, tags=["portfolios"])

NAMES = {"summary": "portfolio_summary", "activity": "portfolio_activity", "alerts": "alerts"}
QUERIES = {"summary": b"", "activity": b"limit=10", "alerts": b"dismissed=false&limit=10"}
PARTS: dict[str, Report] = {
    part: report for part, name in NAMES.items() for report in REPORTS if report.name == name
}
Dashboard = create_model(  # type: ignore[call-overload]
    "Dashboard", **{part: (envelope(report), ...) for part, report in PARTS.items()}
)


@router.get(
    "/portfolios/{portfolio}/dashboard",
    operation_id="portfolio_dashboard",
    summary="Read a portfolio's summary, newest trades and open alerts together.",
    response_model=Dashboard,
    responses=UNCHANGED
    | REPORT_PROBLEMS
    | problems(_404="There is no such portfolio, or the key may not see it."),
    openapi_extra={"security": [{"bearer": []}]},
)
async def dashboard(request: Request, portfolio: PortfolioId) -> Response:  # noqa: ARG001 - documented
    """Each part counts towards the key's rate; each says how new it is."""
    service: Service = request.app.state.service
    head = head_of(request.scope)
    key = await service.keys.authenticate(head)
    key.may("read")
    with service.limits.held(key, len(PARTS)):
        readings = [
            Reading(
                service, request, head, key, asked(report, _path(report, request), QUERIES[part])
            )
            for part, report in PARTS.items()
        ]
        pages = await until_gone(request.receive, asyncio.gather(*map(_read, readings)))
        named = map(tag_of, readings, pages, repeat("json"))
        tag = tags.weak("".join(named).encode(), "json")
        if tags.matches(head.if_none_match, tag):
            return (await asyncio.gather(*(unchanged(reading, tag) for reading in readings)))[0]
        await asyncio.gather(*map(_recorded, readings, pages))
    body = b",".join(
        b'"%b":%b' % (part.encode(), page.body) for part, page in zip(PARTS, pages, strict=True)
    )
    return Response(
        b"{" + body + b"}",
        headers={"ETag": tag, "Vary": VARY, "Cache-Control": CACHE_CONTROL},
        media_type="application/json",
    )


async def _read(reading: Reading) -> Page:
    current = reading.service.listener.generation_of(reading.report.sources)
    page = kept(reading, current) or await fetched(reading, current)
    if not page.found:
        await reading.record(missing(reading.report).kind.status, None)
        raise missing(reading.report)
    return page


async def _recorded(reading: Reading, page: Page) -> None:
    await reading.record(200, page.rows)


def _path(report: Report, request: Request) -> dict[str, Any]:
    return request.path_params if report.subject else {}
