"""What a report needs of a request's headers, taken once."""

from hashlib import sha256
from typing import Any, NamedTuple

from api.errors import TOO_LARGE, Problem

LARGEST = 32_768
TAKEN = "tapehouse.head"


class Head(NamedTuple):
    """The headers that decide over an answer."""

    authorization: bytes = b""
    accept: bytes = b""
    accept_encoding: bytes = b""
    if_none_match: bytes = b""
    digest: bytes = b""  # of the authorization: what is kept of it


NAMES = {
    b"authorization": "authorization",
    b"accept": "accept",
    b"accept-encoding": "accept_encoding",
    b"if-none-match": "if_none_match",
}


def head_of(scope: Any) -> Head:
    """A repeated header is one list, as RFC 9110 has it."""
    taken: Head | None = scope.get(TAKEN)
    if taken is not None:
        return taken
    found: dict[str, bytes] = {}
    size = 0
    for name, value in scope["headers"]:
        size += len(name) + len(value)
        field = NAMES.get(name)
        if field:
            found[field] = found[field] + b"," + value if field in found else value
    if size > LARGEST:
        raise Problem(TOO_LARGE, f"The headers are longer than {LARGEST} bytes together.")
    digest = sha256(found.get("authorization", b"")).digest()
    head = scope[TAKEN] = Head(digest=digest, **found)
    return head
