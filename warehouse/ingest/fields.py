"""The columns that a file may have: their names, shapes and bounds, taken from the columns of a table.

Which of them a kind has is said by `kinds`, how their values are cast by `casting`.
"""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Integer,
    Numeric,
)
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.ingest.references import Reference
from warehouse.models.base import Vocabulary

Shape = Literal["text", "choice", "numeric", "double", "integer", "boolean", "date", "time", "json"]

# Characters that a text may have: of a symbol (an option's has 21), of a part of a key, which a B-tree
# must hold, and of any other.
LONGEST_SYMBOL, LONGEST_KEY, LONGEST_TEXT = 32, 500, 100_000
SHAPES: tuple[tuple[type, Shape], ...] = (
    (Vocabulary, "choice"),
    (Double, "double"),
    (Numeric, "numeric"),
    (Integer, "integer"),
    (Boolean, "boolean"),
    (DateTime, "time"),
    (Date, "date"),
    (JSONB, "json"),
)


@dataclass(frozen=True)
class Field:
    """A column that a file of the kind may have."""

    name: str
    shape: Shape
    comment: str
    required: bool
    column: Column[Any] | None = None  # null where it is stored elsewhere
    words: tuple[str, ...] = ()
    longest: int = LONGEST_TEXT

    @property
    def default(self) -> str | None:
        """What stands where the file says nothing and null is not allowed."""
        if self.column is None or self.column.nullable or self.column.server_default is None:
            return None
        return str(self.column.server_default.arg).strip("'")  # type: ignore[attr-defined]


def stored(column: Column[Any], *, is_key: bool) -> Field:
    """A column whose values go into the table as they are."""
    words = tuple(column.type.words) if isinstance(column.type, Vocabulary) else ()
    longest = LONGEST_KEY if is_key else LONGEST_TEXT
    return Field(
        column.name,
        _shape(column),
        str(column.comment or ""),
        not column.nullable and column.server_default is None,
        column,
        words,
        LONGEST_SYMBOL if column.name == "symbol" else longest,
    )


def named(reference: Reference, *, required: bool) -> Field:
    """A column of names that stand for keys."""
    longest = LONGEST_SYMBOL if reference.is_instrument else LONGEST_KEY
    return Field(reference.name, "text", reference.comment, required, longest=longest)


def external(name: str, comment: str) -> Field:
    """A column of the source's own ids."""
    return Field(name, "text", comment, required=False, longest=LONGEST_KEY)


def _shape(column: Column[Any]) -> Shape:
    return next((shape for kind, shape in SHAPES if isinstance(column.type, kind)), "text")
