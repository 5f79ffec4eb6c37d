"""What routes are given, and the problems that each of them may answer with."""

from typing import Annotated, Any

from fastapi import Depends, Request

from api.errors import MEDIA_TYPE
from api.pools import Reader

# The contract that clients rely on. Each router names it itself: a prefix given when a router is
# included is missing from the route that the log and the metrics are told.
VERSION = "/v1"
PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


async def _reader(request: Request) -> Reader:
    reader: Reader = request.app.state.reader
    return reader


Reading = Annotated[Reader, Depends(_reader)]


def problems(**described: str) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI entries of a route's problems: `problems(_400="a broken cursor")`."""
    return {
        int(status.removeprefix("_")): {"description": text, "content": PROBLEM}
        for status, text in described.items()
    }


REPORT_PROBLEMS = problems(
    _422="A parameter is not what it should be.",
    _500="The API failed.",
    _503="The API is busy, or cannot reach the database; see Retry-After.",
    _504="The report took too long.",
)
