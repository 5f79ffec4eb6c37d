"""A piece of a step's output: some rows of one table."""

from typing import Any

from sqlalchemy import Table

from warehouse.models.base import Base

Chunk = tuple[Table, dict[str, Any]]


def chunk(model: type[Base], rows: dict[str, Any]) -> Chunk:
    """Rows of a model's table."""
    table = model.__table__
    assert isinstance(table, Table)
    return table, rows
