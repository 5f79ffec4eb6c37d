"""Reads generated columns back as Python values, the way the database would show them."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import numpy as np

from warehouse.demo.binary import Fixed, Optional, count
from warehouse.demo.chunks import Chunk


def records(rows: dict[str, Any]) -> Iterator[dict[str, Any]]:
    total = count(rows)
    columns = {name: _values(values, total) for name, values in rows.items()}
    for place in range(total):
        yield {name: values[place] for name, values in columns.items()}


def of_table(chunks: Iterable[Chunk], name: str) -> list[dict[str, Any]]:
    """The rows that are added to a table."""
    return [
        row
        for chunk in chunks
        if chunk.table.name == name and not chunk.replaces
        for row in records(chunk.rows)
    ]


def _values(values: Any, total: int) -> list[Any]:
    if isinstance(values, Optional):
        inner = _values(values.values, total)
        return [one if there else None for one, there in zip(inner, values.present, strict=True)]
    if isinstance(values, Fixed):
        units = np.broadcast_to(values.units, total).tolist()
        return [Decimal(int(one)).scaleb(-values.places) for one in units]
    if isinstance(values, list):
        return values
    listed = np.broadcast_to(np.asarray(values), total).tolist()
    return [one.decode() if isinstance(one, bytes) else one for one in listed]
