"""What a report needs of a request's headers, taken in one pass."""

from typing import Any, NamedTuple

from api.errors import TOO_LARGE, Problem

LARGEST = 32_768


class Head(NamedTuple):
    """The headers that decide over an answer."""

    authorization: bytes | None = None
    accept: bytes = b""
    accept_encoding: bytes = b""
    if_none_match: bytes = b""


NAMES = {
    b"authorization": "authorization",
    b"accept": "accept",
    b"accept-encoding": "accept_encoding",
    b"if-none-match": "if_none_match",
}


def head_of(scope: Any) -> Head:
    """A repeated header is one list, as RFC 9110 has it."""
    found: dict[str, bytes] = {}
    size = 0
    for name, value in scope["headers"]:
        size += len(name) + len(value)
        field = NAMES.get(name)
        if field:
            found[field] = found[field] + b"," + value if field in found else value
    if size > LARGEST:
        raise Problem(TOO_LARGE, f"The headers are longer than {LARGEST} bytes together.")
    return Head(**found)
