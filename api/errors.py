"""Problems (RFC 9457): every answer that is not a report has a code, a sentence, and a way on."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import asyncpg
import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

# TimeoutError is an OSError; so is every failure to reach the server.
DRIVER_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
MEDIA_TYPE = "application/problem+json"
CLIENT_GONE = 499


@dataclass(frozen=True)
class Kind:
    """A kind of problem; its code is what clients program against and never changes."""

    code: str
    status: int
    title: str
    hint: str | None = None
    retry_after: int | None = None
    challenge: str | None = None


INVALID = Kind("invalid_parameter", 422, "A parameter is not what it should be")
BAD_VALUE = Kind(
    "bad_value", 400, "The database cannot read a value", "Mend the value that `detail` tells of."
)
BAD_CURSOR = Kind(
    "bad_cursor",
    400,
    "The cursor is not one of this query's",
    "Start again without a cursor; use `next_cursor` as it came, with the same filters.",
)
UNAUTHENTICATED = Kind(
    "unauthenticated",
    401,
    "No key that works was sent",
    "Send `Authorization: Bearer <key>`; `warehouse keys create` makes a key.",
    challenge="Bearer",
)
OUT_OF_SCOPE = Kind(
    "out_of_scope",
    403,
    "The key may not do this",
    "Ask for a key with the scope that `scope` names.",
    challenge='Bearer error="insufficient_scope"',
)
NOT_FOUND = Kind("not_found", 404, "There is nothing here", "The reports are listed at /docs.")
NOT_ACCEPTABLE = Kind(
    "not_acceptable",
    406,
    "There is no such form of this report",
    "Ask for application/json, text/csv, application/x-ndjson or application/vnd.apache.arrow.stream.",
)
RATE_LIMITED = Kind(
    "rate_limited", 429, "The key asks too often", "Try again after the time in Retry-After."
)
TOO_MANY_AT_ONCE = Kind(
    "too_many_at_once",
    429,
    "The key asks too much at once",
    "Wait for an answer before asking on.",
    1,
)
BODY_TOO_LARGE = Kind("body_too_large", 413, "The request's body is too large")
TOO_LARGE = Kind("headers_too_large", 431, "The request's head is too large")
BUSY = Kind("busy", 503, "The API is busy", "Try again after the time in Retry-After.", 1)
UNAVAILABLE = Kind(
    "database_unavailable",
    503,
    "The database cannot be reached",
    "Try again after the time in Retry-After; nothing was lost.",
    5,
)
TOO_SLOW = Kind("query_timeout", 504, "The report took too long", "Ask for less at a time.")
NOT_READY = Kind("not_ready", 503, "The API is not ready", "See `checks`.", 5)
NOT_MIGRATED = Kind(
    "not_migrated",
    500,
    "The database is not at the version of this API",
    "Its operator runs `warehouse migrate`.",
)
NOT_BUILT = Kind(
    "not_built",
    503,
    "What the report reads was not built yet",
    "Its operator runs `warehouse build`.",
    60,
)
NO_PARTITION = Kind(
    "no_partition",
    503,
    "The log of readings has no partition for this month",
    "Its operator runs `warehouse partitions apply`.",
    60,
)
INTERNAL = Kind(
    "internal_error",
    500,
    "The API failed",
    "Report it with the request's id; the log has the cause.",
)

# By SQLSTATE: the whole code first, then its class.
BY_SQLSTATE = {
    "57014": TOO_SLOW,  # query_canceled: statement_timeout
    "42501": NOT_MIGRATED,  # insufficient_privilege: the grant comes with the function
    "42883": NOT_MIGRATED,  # undefined_function
    # Reports are installed before the marts they read.
    "42P01": NOT_BUILT,  # undefined_table
    "42703": NOT_BUILT,  # undefined_column
    "3F000": NOT_MIGRATED,  # invalid_schema_name
    "23514": NO_PARTITION,  # check_violation: a row that fits no partition
    "22": BAD_VALUE,  # data_exception: out of range, not UTF-8, not a date
    "08": UNAVAILABLE,  # connection_exception
    "28": UNAVAILABLE,  # invalid_authorization
    "3D": UNAVAILABLE,  # invalid_catalog_name
    "40": BUSY,  # serialization_failure, deadlock_detected; on a replica: conflict with recovery
    "53": BUSY,  # insufficient_resources
    "55": BUSY,  # object_not_in_prerequisite_state: lock_not_available
    "57": UNAVAILABLE,  # operator_intervention: shutdown, crash, starting up
    "58": UNAVAILABLE,  # system_error
}


class Problem(Exception):
    """What a request got instead of its report."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        field: str | None = None,
        retry_after: int | None = None,
        **members: object,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.field = field
        self.retry_after = retry_after or kind.retry_after
        self.members = members

    def body(self, request_id: str | None) -> dict[str, object]:
        """Its members; those that say nothing are left out."""
        kind = self.kind
        body = {
            "type": f"urn:tapehouse:problem:{kind.code}",
            "title": kind.title,
            "status": kind.status,
            "detail": self.detail,
            "code": kind.code,
            "hint": kind.hint,
            "field": self.field,
            "request_id": request_id,
            **self.members,
        }
        return {name: value for name, value in body.items() if value is not None}

    def headers(self) -> dict[str, str]:
        found = {"Retry-After": self.retry_after, "WWW-Authenticate": self.kind.challenge}
        return {name: str(value) for name, value in found.items() if value is not None}


class ClientGone(Exception):
    """The client left before its answer."""


def invalid(found: list[dict[str, str]]) -> Problem:
    """One or more wrong parameters: the first is told as the problem, all of them in `errors`."""
    first = found[0]
    errors = found if len(found) > 1 else None
    return Problem(INVALID, first["detail"], field=first["field"], errors=errors)


def from_driver(error: Exception) -> Problem:
    """The one translation of what the driver raises."""
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        kind = BY_SQLSTATE.get(state) or BY_SQLSTATE.get(state[:2], INTERNAL)
        return Problem(kind, _told(kind, error))
    if isinstance(error, TimeoutError):
        return Problem(TOO_SLOW, "The database did not answer in time; the query was given up.")
    if isinstance(error, ValueError):  # asyncpg.DataError: an argument that its type cannot hold
        return Problem(BAD_VALUE, "A value does not fit its type.")
    return Problem(UNAVAILABLE, "The connection to the database failed.")


def answer(request: Request, problem: Problem) -> Response:
    """The problem as it is sent."""
    request_id = request.scope.get("state", {}).get("request_id")
    content = orjson.dumps(problem.body(request_id))
    return Response(content, problem.kind.status, problem.headers(), MEDIA_TYPE)


def install_handlers(app: FastAPI) -> None:
    """Make every error of the application a problem, those of the framework too."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(ClientGone, _on_gone)
    app.add_exception_handler(Exception, on_bug)


async def _on_problem(request: Request, error: Any) -> Response:
    return answer(request, error)


async def _on_http(request: Request, error: Any) -> Response:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return answer(request, Problem(NOT_FOUND, f"There is no {request.url.path}."))
    status = HTTPStatus(error.status_code)
    kind = Kind(status.name.lower(), status.value, status.phrase)
    response = answer(
        request, Problem(kind, f"{request.method} {request.url.path}: {error.detail}")
    )
    response.headers.update(error.headers or {})
    return response


async def _on_validation(request: Request, error: Any) -> Response:
    found = [{"field": _field(e["loc"]), "detail": e["msg"]} for e in error.errors()]
    return answer(request, invalid(found))


async def _on_gone(_request: Request, _error: Any) -> Response:
    return Response(status_code=CLIENT_GONE)  # for the log; nobody reads it


async def on_bug(request: Request, _error: Any) -> Response:
    """What is told of it; the rest is in the log."""
    return answer(request, Problem(INTERNAL, "The API met an error that it does not know."))


def _told(kind: Kind, error: asyncpg.PostgresError) -> str:
    """The server's own words where they are about a value the client sent; else ours."""
    return str(error.args[0]) if kind is BAD_VALUE else f"{kind.title}."


def _field(location: tuple[object, ...]) -> str:
    """`("query", "limit")` is the field `limit`."""
    return ".".join(str(part) for part in location[1:]) or str(location[0])
