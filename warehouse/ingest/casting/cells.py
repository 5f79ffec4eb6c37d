"""What the casts share: values with the faults found among them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Faults = dict[int, str]
LONGEST_QUOTE = 60


@dataclass(frozen=True)
class Cells:
    """A column of values, null where a fault is; `scales` are the decimals that numerics were given."""

    values: pa.Array
    faults: Faults = field(default_factory=dict)
    scales: pa.Array | None = None


def quoted(value: object) -> str:
    """A value as a reason shows it; PostgreSQL stores no NUL."""
    text = str(value).replace("\x00", "\\x00")
    return f'"{text if len(text) <= LONGEST_QUOTE else text[:LONGEST_QUOTE] + "…"}"'


def shown(given: pa.Array, row: int) -> str:
    """A value as it was given, for a reason; also where Python has nothing like it."""
    return quoted(as_text(given.slice(row, 1))[0][0].as_py())


def is_text(values: pa.Array) -> bool:
    return bool(pa.types.is_string(values.type))


def as_text(values: pa.Array) -> tuple[pa.Array, Faults]:
    """The values as text; octets that are no UTF-8 are faults."""
    if is_text(values):
        return values, {}
    if not pa.types.is_binary(values.type):
        return pc.cast(values, pa.string()), {}
    try:
        return pc.cast(values, pa.string()), {}
    except pa.ArrowInvalid:
        return _decoded(values)


def _decoded(values: pa.Array) -> tuple[pa.Array, Faults]:
    faults: Faults = {}
    texts: list[str | None] = []
    for row, value in enumerate(values.to_pylist()):
        try:
            texts.append(None if value is None else value.decode())
        except UnicodeDecodeError as error:
            texts.append(None)
            faults[row] = f"is not UTF-8: byte 0x{value[error.start]:02x}; name the file's encoding"
    return pa.array(texts, pa.string()), faults


def present(values: pa.Array) -> Mask:
    mask: Mask = pc.is_valid(values).to_numpy(zero_copy_only=False)
    return mask


def without(values: pa.Array, mask: Mask) -> pa.Array:
    """Null where the mask is set."""
    return pc.if_else(pa.array(~mask), values, pa.scalar(None, values.type))


def marked(mask: Mask) -> Iterator[int]:
    """The rows under a mask."""
    return map(int, np.flatnonzero(mask))


def tried(
    values: pa.Array,
    cast: Callable[[pa.Array], pa.Array],
    kind: pa.DataType,
    why: Callable[[str], str],
) -> Cells:
    """A cast that fails for some values, found by halves: what is good stays fast."""
    faults: Faults = {}

    def halves(start: int, stop: int) -> Iterator[pa.Array]:
        part = values.slice(start, stop - start)
        try:
            yield cast(part)
        except pa.ArrowInvalid:
            if stop - start == 1:
                faults[start] = why(part[0].as_py())
                yield pa.nulls(1, kind)
                return
            middle = (start + stop) // 2
            yield from halves(start, middle)
            yield from halves(middle, stop)

    parts = list(halves(0, len(values))) if len(values) else [pa.array([], kind)]
    return Cells(parts[0] if len(parts) == 1 else pa.concat_arrays(parts), faults)
