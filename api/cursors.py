"""Cursors of keyset pages: where a page ended, bound to the query that it was a page of."""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import orjson

from api.errors import BAD_CURSOR, Problem
from api.parameters import BIGINT
from api.rows import Kind

Query = tuple[object, ...]


def encode(query: Query, position: Sequence[str]) -> str:
    """The cursor of the page after `position`, the last row's sort key as text."""
    content = orjson.dumps([_digest(query), *position])
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def decode(cursor: str, query: Query, kinds: Sequence[Kind]) -> tuple[Any, ...]:
    """The position in a cursor of this query; anything else is a problem, never an error."""
    content = _content(cursor)
    if not isinstance(content, list) or len(content) != 1 + len(kinds):
        raise _refused("The cursor is damaged.")
    digest, *position = content
    if digest != _digest(query):
        raise _refused("The cursor belongs to another query: its filters or its order differ.")
    return tuple(_read(value, kind) for value, kind in zip(position, kinds, strict=True))


def _content(cursor: str) -> Any:
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        return orjson.loads(b64decode(padded, altchars="-_", validate=True))
    except ValueError as error:  # not ASCII, not base64, not JSON
        raise _refused("The cursor is damaged.") from error


def _digest(query: Query) -> str:
    return blake2b(repr(query).encode("utf-8", "replace"), digest_size=8).hexdigest()


def _read(value: object, kind: Kind) -> Any:
    """The value as its column's type, if it is one that PostgreSQL can hold."""
    if not isinstance(value, str) or "\0" in value:
        raise _refused("The cursor is damaged.")
    try:
        return READERS[kind](value)
    except (ValueError, ArithmeticError) as error:
        raise _refused("The cursor is damaged.") from error


def _bigint(value: str) -> int:
    number = int(value)
    if number not in BIGINT:
        raise ValueError("past bigint")
    return number


def _instant(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("without a zone")
    return moment


def _decimal(value: str) -> Decimal:
    number = Decimal(value)
    if not number.is_finite() or abs(number.adjusted()) > 1000:
        raise ValueError("no amount")
    return number


READERS: Mapping[Kind, Callable[[str], Any]] = {
    Kind.KEY: _bigint,
    Kind.INTEGER: _bigint,
    Kind.DECIMAL: _decimal,
    Kind.FLOAT: float,
    Kind.TEXT: str,
    Kind.INSTANT: _instant,
    Kind.DAY: date.fromisoformat,
}


def _refused(detail: str) -> Problem:
    return Problem(BAD_CURSOR, detail, field="cursor")
