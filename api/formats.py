"""How rows become an answer: ids, prices and money as strings, instants in RFC 3339 and UTC."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import orjson
from fastapi import Response


def json_page(rows: Sequence[Any], next_cursor: str | None) -> Response:
    """A page of rows with the cursor of the next one; a null cursor says that it was the last."""
    return json_answer({"data": [dict(row) for row in rows], "next_cursor": next_cursor})


def json_answer(body: dict[str, Any]) -> Response:
    content = orjson.dumps(body, default=_plain, option=orjson.OPT_UTC_Z)
    return Response(content, media_type="application/json")


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"a report may not hold a {type(value).__name__}")
