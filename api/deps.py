"""What the routes that are no reports are given, and how problems are documented."""

from typing import Annotated, Any

from fastapi import Depends, Request

from api.errors import MEDIA_TYPE
from api.pools import Reader

PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


async def _reader(request: Request) -> Reader:
    reader: Reader = request.app.state.service.reader
    return reader


Reading = Annotated[Reader, Depends(_reader)]


def problems(**described: str) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI entries of a route's problems: `problems(_400="a broken cursor")`."""
    return {
        int(status.removeprefix("_")): {"description": text, "content": PROBLEM}
        for status, text in described.items()
    }
