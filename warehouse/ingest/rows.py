"""Rows as they were read, before anything is known of what they mean."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

WHOLE_ROW = "row"  # what a reason is about when it is about no one column
HEAD = 65_536  # characters that are kept of a row: an order with all its executions

Reasons = dict[str, str]
Lines = NDArray[np.int64]


class Reject(NamedTuple):
    """A row that is turned away: where it begins, how it was read, and why, by column."""

    line: int
    raw: str
    reasons: Reasons


@dataclass(frozen=True)
class Chunk:
    """Some rows of a file: their columns by the file's names, and those that could not be read."""

    lines: Lines
    columns: Mapping[str, pa.Array]
    raw: Callable[[int], str]
    unread: list[Reject] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.lines)


def shown(raw: bytes) -> str:
    """Bytes as a text that PostgreSQL takes: what is no UTF-8, and NUL, is escaped."""
    text = raw[: 4 * HEAD].decode("utf-8", "backslashreplace").replace("\x00", "\\x00")
    if len(text) <= HEAD and len(raw) <= 4 * HEAD:
        return text
    return f"{text[:HEAD]}… ({len(raw):,} bytes in all)"
