"""Several reports as they all stood at one moment."""

import time
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from api import metrics, statements
from api.asking import Asked, asked, missing
from api.deps import problems
from api.direct import Paths
from api.errors import (
    BODY_TOO_LARGE,
    DRIVER_ERRORS,
    INVALID,
    NOT_FOUND,
    Problem,
    from_driver,
    invalid,
)
from api.head import head_of
from api.parameters import Text
from api.reports import VERSION
from api.routes.nouns import REPORTS
from api.routing import REPORT_PROBLEMS
from api.sending import until_gone
from api.serving import NO_STORE, Reading, Service, page_from

router = APIRouter(prefix=VERSION, tags=["batch"])

MOST = 20
LARGEST = 256 * 1024


class BatchRequest(BaseModel, extra="forbid"):
    """The reports wanted, each as the path and query that it is read by alone."""

    requests: list[Annotated[Text, Field(max_length=8_000)]] = Field(
        min_length=1,
        max_length=MOST,
        examples=[["/v1/portfolios?limit=10", "/v1/market/instruments?q=app"]],
    )


class BatchItem(BaseModel):
    """What one of them would have answered alone: a report's body, or a problem's."""

    request: str
    status: int
    body: dict[str, Any]


class BatchAnswer(BaseModel):
    """The answers, in the order of the requests."""

    answers: list[BatchItem]


BODY = TypeAdapter(BatchRequest)
PATHS = Paths(REPORTS)


@router.post(
    "/batch",
    operation_id="batch",
    summary="Read several reports as they all stood at one moment.",
    response_model=BatchAnswer,
    responses=REPORT_PROBLEMS | problems(_413="The body is too large."),
    openapi_extra={
        "security": [{"bearer": []}],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": BatchRequest.model_json_schema()}},
        },
    },
)
async def batch(request: Request) -> Response:
    """Each counts towards the key's rate, and is recorded; what is wrong with one leaves the others be."""
    service: Service = request.app.state.service
    head = head_of(request.scope)
    key = await service.keys.authenticate(head)
    wanted = _wanted(await _body(request))
    with service.limits.held(key, len(wanted.requests)):
        readings = [_reading(service, request, head, key, each) for each in wanted.requests]
        parts = await until_gone(request.receive, _read(service, readings))
    body = b",".join(
        b'{"request":%b,"status":%d,"body":%b}' % (orjson.dumps(each), status, part)
        for each, (status, part) in zip(wanted.requests, parts, strict=True)
    )
    return Response(
        b'{"answers":[' + body + b"]}",
        headers={"Cache-Control": NO_STORE},
        media_type="application/json",
    )


async def _read(service: Service, readings: list[Reading | Problem]) -> list[tuple[int, bytes]]:
    """Within one snapshot; recorded once all are read, so that the connection is not kept for it."""
    found: list[tuple[int, bytes, int | None]] = []
    async with service.reader.snapshot(service.batch_seconds) as connection:
        for reading in readings:
            try:
                found.append(await _page(connection, reading))
            except Problem as problem:
                found.append((problem.kind.status, orjson.dumps(problem.body(None)), None))
    for reading, (status, _, rows) in zip(readings, found, strict=True):
        if isinstance(reading, Reading):
            await reading.record(status, rows)
    return [(status, body) for status, body, _ in found]


async def _page(connection: Any, reading: Reading | Problem) -> tuple[int, bytes, int | None]:
    if isinstance(reading, Problem):
        raise reading
    question, report = reading.asked, reading.report
    sized = (question.page_size,) if report.order else ()
    started = time.perf_counter()
    try:
        async with connection.transaction():  # a savepoint: what fails here ends only this one
            row = await connection.fetchrow(
                statements.page(report, question.fields, question.count),
                *reading.parameters(*question.position, *sized),
            )
    except DRIVER_ERRORS as error:
        raise from_driver(error) from error
    seconds = time.perf_counter() - started
    metrics.query_timer(report.name).observe(seconds)
    page = page_from(question, row, seconds * 1000)
    if not page.found:
        raise missing(report)
    return 200, page.body, page.rows


def _reading(
    service: Service, request: Request, head: Any, key: Any, wanted: str
) -> Reading | Problem:
    try:
        question = _question(wanted)
        key.may(question.report.scope)
    except Problem as problem:
        return problem
    return Reading(service, request, head, key, question)


def _question(wanted: str) -> Asked:
    path, _, query = wanted.partition("?")
    found = PATHS.find(path)
    if found is None:
        raise Problem(NOT_FOUND, f"There is no report {path}.")
    report, named = found
    question = asked(report, named, query.encode("utf-8", "replace"))
    if question.form not in {None, "json"}:
        raise Problem(INVALID, "A batch answers in JSON.", field="format")
    return question


def _wanted(body: bytes) -> BatchRequest:
    try:
        return BODY.validate_json(body, strict=True)
    except ValidationError as error:
        found = [
            {"field": ".".join(map(str, each["loc"])) or "body", "detail": each["msg"]}
            for each in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise invalid(found) from error


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise Problem(BODY_TOO_LARGE, f"The body is longer than {LARGEST} bytes.")
    return bytes(body)
