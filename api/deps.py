"""What the routes that are no reports are given, and how problems are documented."""

from typing import Annotated, Any

from fastapi import Depends, Request

from api import errors
from api.errors import MEDIA_TYPE, Problem
from api.pools import Reader

SCHEMA = {"$ref": "#/components/schemas/Problem"}
TYPICAL = {
    kind.status: kind
    for kind in (
        *(errors.BAD_CURSOR, errors.UNAUTHENTICATED, errors.OUT_OF_SCOPE, errors.NOT_FOUND),
        *(errors.NOT_ACCEPTABLE, errors.BODY_TOO_LARGE, errors.INVALID, errors.RATE_LIMITED),
        *(errors.TOO_LARGE, errors.INTERNAL, errors.BUSY, errors.TOO_SLOW),
    )
}


async def _reader(request: Request) -> Reader:
    reader: Reader = request.app.state.service.reader
    return reader


Reading = Annotated[Reader, Depends(_reader)]


def problems(**described: str) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI entries of a route's problems: `problems(_400="a broken cursor")`."""
    return {
        int(status.removeprefix("_")): {
            "description": text,
            "content": {MEDIA_TYPE: {"schema": SCHEMA, "example": _example(status, text)}},
        }
        for status, text in described.items()
    }


def _example(status: str, text: str) -> dict[str, object]:
    return Problem(TYPICAL[int(status.removeprefix("_"))], text).body("0b5e7a3c")
