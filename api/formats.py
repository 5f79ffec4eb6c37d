"""In which form, and how compressed, an answer goes out, by what its reader says that it takes."""

import zlib
from functools import lru_cache
from typing import Any

import orjson
from fastapi import Response

from api.errors import NOT_ACCEPTABLE, Problem

MEDIA_TYPES = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "arrow": "application/vnd.apache.arrow.stream",
}
BY_MEDIA_TYPE = {media.partition(";")[0]: form for form, media in MEDIA_TYPES.items()}
RANGES = {"*/*": "json", "application/*": "json", "text/*": "csv"}
ENCODINGS = ("zstd", "gzip")  # the better first
SMALLEST_COMPRESSED = 1_000
LEVEL = 1


@lru_cache(maxsize=512)
def form_for(accept: bytes) -> str:
    """The form that an Accept header likes best; nothing said takes JSON."""
    if not accept:
        return "json"
    liked = _weighed(accept)
    for media, weight in sorted(liked.items(), key=lambda each: -each[1]):
        form = BY_MEDIA_TYPE.get(media) or RANGES.get(media)
        if form and weight > 0:
            return form
    raise Problem(NOT_ACCEPTABLE, "None of the media types in Accept is made here.", field="Accept")


@lru_cache(maxsize=512)
def encoding_for(accept_encoding: bytes) -> str | None:
    """The compression to use, of those a reader says it takes."""
    liked = _weighed(accept_encoding)
    taken = [each for each in ENCODINGS if liked.get(each, liked.get("*", 0)) > 0]
    return max(taken, key=lambda each: liked.get(each, liked.get("*", 0)), default=None)


def compressed(body: bytes, encoding: str) -> bytes:
    if encoding == "gzip":
        return zlib.compress(body, LEVEL, wbits=31)
    import pyarrow as pa

    packed: bytes = pa.Codec("zstd", compression_level=LEVEL).compress(body, asbytes=True)
    return packed


def json_answer(body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body, option=orjson.OPT_UTC_Z), media_type="application/json")


def _weighed(header: bytes) -> dict[str, float]:
    """`a;q=0.5, b` as {"a": 0.5, "b": 1.0}; what cannot be read weighs nothing."""
    found = {}
    for each in header.decode("latin-1").lower().split(","):
        name, *parameters = (part.strip() for part in each.split(";"))
        if name:
            found[name] = _weight(parameters)
    return found


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
