"""Reads NDJSON, an object a line; numbers keep the digits they are written with."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from warehouse.ingest.errors import BadFile
from warehouse.ingest.lines import Buffer
from warehouse.ingest.rows import WHOLE_ROW, Chunk, Reject, shown


class Number(str):
    """A number as it is written: binary floats would not give 1.10 back."""

    __slots__ = ()


def chunks(
    stream: BinaryIO,
    nulls: Sequence[str] = (),
    encoding: str | None = None,
    wanted: Collection[str] = (),
) -> Iterator[Chunk]:
    """The rows in blocks; `wanted` may name what lies deeper, as in instrument.symbol."""
    buffer = Buffer(stream, encoding)
    is_first = True
    while buffer.fill():
        if is_first and buffer.data.lstrip().startswith(b"["):
            raise BadFile(
                "The file is one JSON array. Nothing was loaded; NDJSON has an object a line: "
                "`jq -c '.[]' FILE` makes it so."
            )
        if is_first and _is_spread(buffer.data):
            raise BadFile(
                "The file is one JSON object over several lines. Nothing was loaded; NDJSON has an "
                "object a line: `jq -c . FILE` makes it so."
            )
        is_first = False
        if endless := buffer.skip_endless():
            yield Chunk(np.empty(0, np.int64), {}, lambda _: "", [endless])
            continue
        used = buffer.data.rfind(b"\n") + 1
        if used:
            yield _chunk(buffer.data[:used], buffer.line, nulls, wanted)
            buffer.use(used)
    if is_first:
        raise BadFile("The file is empty. Nothing was loaded.")


def _is_spread(data: bytes) -> bool:
    """Whether the first object goes on behind its line."""
    head = data.lstrip().partition(b"\n")[0]
    if not head.startswith(b"{") or isinstance(_object(head), dict):
        return False
    try:
        json.JSONDecoder().raw_decode(data.decode().lstrip())
    except (ValueError, RecursionError):
        return False
    return True


def columns(
    rows: Sequence[Mapping[str, Any]], nulls: Sequence[str], wanted: Collection[str]
) -> dict[str, pa.Array]:
    """Objects as columns of text; what is nested is JSON again."""
    names = dict.fromkeys(name for row in rows for name in row)
    found = {
        name: pa.array([_text(row.get(name), nulls) for row in rows], pa.string()) for name in names
    }
    for path in (name for name in wanted if "." in name and name not in found):
        values = [_text(_at(row, path), nulls) for row in rows]
        found[path] = pa.array(values, pa.string())
    return found


def _at(value: Any, path: str) -> Any:
    """What lies at instrument.symbol, or legs.0.time."""
    for step in path.split("."):
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def _chunk(data: bytes, line: int, nulls: Sequence[str], wanted: Collection[str]) -> Chunk:
    rows: list[dict[str, Any]] = []
    lines: list[int] = []
    raws: list[bytes] = []
    unread: list[Reject] = []
    for number, raw in enumerate(data.split(b"\n"), line):
        if not raw.strip():
            continue
        found = _object(raw)
        if isinstance(found, str):
            unread.append(Reject(number, shown(raw), {WHOLE_ROW: found}))
            continue
        rows.append(found)
        lines.append(number)
        raws.append(raw)
    found = columns(rows, nulls, wanted)
    return Chunk(np.array(lines, np.int64), found, lambda n: shown(raws[n]), unread)


def _object(raw: bytes) -> dict[str, Any] | str:
    """The object, or why there is none."""
    try:
        found = json.loads(raw, parse_float=Number, parse_int=Number, parse_constant=Number)
    except UnicodeDecodeError as error:
        return f"is not UTF-8: byte 0x{raw[error.start]:02x} at {error.start + 1}"
    except json.JSONDecodeError as error:
        return f"is not JSON: {error.msg} at {error.pos + 1}"
    except RecursionError:
        return "is nested too deeply"
    return found if isinstance(found, dict) else "is no JSON object"


def _text(value: Any, nulls: Sequence[str]) -> str | None:
    if value is None or value in nulls:
        return None
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return _written(value)


def _written(value: Any) -> str:
    """JSON again, with every number as it was."""
    match value:
        case Number():
            return value
        case dict():
            return (
                "{" + ", ".join(f"{json.dumps(k)}: {_written(v)}" for k, v in value.items()) + "}"
            )
        case list():
            return "[" + ", ".join(map(_written, value)) + "]"
    return json.dumps(value)
