"""Finds the report that a path is of, by look-ups, and answers it before the framework would route it.

Whatever is no GET of a report goes on to the framework: other methods, the documentation, what is not there.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import CLIENT_GONE, ClientGone, Problem, answer, on_bug
from api.reports import Report
from api.routing import ReportRoute
from api.serving import serve

# Where a path names its subject: /v1/accounts/{account}/…
PLACE = 3
Found = tuple[Report, Mapping[str, str]]


class Paths:
    """The reports by their paths."""

    def __init__(self, reports: Iterable[Report]) -> None:
        self.plain: dict[str, Report] = {}
        self.of_subject: dict[tuple[str, ...], Report] = {}
        for report in reports:
            parts = report.url.split("/")
            if report.subject is None:
                self.plain[report.url] = report
            else:
                assert parts[PLACE] == f"{{{report.subject.name}}}", report.url
                self.of_subject[(*parts[:PLACE], *parts[PLACE + 1 :])] = report

    def find(self, path: str) -> Found | None:
        """The report, and what the path names."""
        report = self.plain.get(path)
        if report is not None:
            return report, {}
        parts = path.split("/")
        if len(parts) <= PLACE or not parts[PLACE]:
            return None
        report = self.of_subject.get((*parts[:PLACE], *parts[PLACE + 1 :]))
        if report is None or report.subject is None:
            return None
        return report, {report.subject.name: parts[PLACE]}


class Direct:
    """The reports in front of the framework."""

    def __init__(self, app: ASGIApp, routes: Iterable[ReportRoute]) -> None:
        self.app = app
        self.routes = {route.report: route for route in routes}
        self.paths = Paths(self.routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = _asks(scope) and self.paths.find(scope["path"])
        if not found:
            await self.app(scope, receive, send)
            return
        report, named = found
        scope["path_params"], scope["route"] = named, self.routes[report]
        request = Request(scope, receive)
        try:
            response = await _answered(report, request)
        except Exception as error:  # a bug: the server logs what is raised
            await (await on_bug(request, error))(scope, receive, send)
            raise
        await response(scope, receive, send)


def _asks(scope: Any) -> bool:
    return bool(scope["type"] == "http" and scope["method"] == "GET")


async def _answered(report: Report, request: Request) -> Response:
    try:
        return await serve(report, request)
    except Problem as problem:
        return answer(request, problem)
    except ClientGone:
        return Response(status_code=CLIENT_GONE)  # for the log; nobody reads it
