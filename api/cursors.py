"""Cursors of keyset pages: where a page ended, bound to the query that it was a page of."""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import orjson

from api.errors import BAD_CURSOR, Problem

BIGINT = range(-(2**63), 2**63)
LONGEST = 2000


def encode(query: Mapping[str, object], *position: object) -> str:
    """The cursor of the page after `position`, the last row's sort key."""
    content = orjson.dumps([_digest(query), *position])
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def decode(cursor: str, query: Mapping[str, object], *types: type) -> list[Any]:
    """The position in a cursor of this query; anything else is a problem, never an error."""
    content = _content(cursor)
    if not isinstance(content, list) or len(content) != 1 + len(types):
        raise _refused("The cursor is damaged.")
    digest, *position = content
    if digest != _digest(query):
        raise _refused("The cursor belongs to another query: its filters or its order differ.")
    if not all(_is(value, kind) for value, kind in zip(position, types, strict=True)):
        raise _refused("The cursor is damaged.")
    return position


def _content(cursor: str) -> Any:
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        return orjson.loads(b64decode(padded, altchars="-_", validate=True))
    except ValueError as error:  # not ASCII, not base64, not JSON
        raise _refused("The cursor is damaged.") from error


def _digest(query: Mapping[str, object]) -> str:
    text = orjson.dumps(query, option=orjson.OPT_SORT_KEYS)
    return blake2b(text, digest_size=8).hexdigest()


def _is(value: object, kind: type) -> bool:
    """Of the type, and something that PostgreSQL can hold; a bool is no number here."""
    if kind is int:
        return type(value) is int and value in BIGINT
    return type(value) is kind and "\0" not in str(value)


def _refused(detail: str) -> Problem:
    return Problem(BAD_CURSOR, detail, field="cursor")
