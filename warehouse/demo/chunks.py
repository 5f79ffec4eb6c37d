"""A piece of a step's output: some rows of one table."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table

from warehouse.models.base import Base


@dataclass(frozen=True)
class Chunk:
    """Rows to be added, or to take the place of the rows with the same keys."""

    table: Table
    rows: dict[str, Any]
    replaces: bool = False


def chunk(model: type[Base], rows: dict[str, Any], replaces: bool = False) -> Chunk:
    """Rows of a model's table."""
    table = model.__table__
    assert isinstance(table, Table)
    return Chunk(table, rows, replaces)
