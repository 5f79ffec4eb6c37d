"""Casts one column of a kind by its shape, and then holds it to what the table will ask of it."""

from datetime import datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import CheckConstraint, Table

from warehouse.ingest.casting.cells import Cells, Faults, marked, present, shown, without
from warehouse.ingest.casting.instants import Clock, dates, instants
from warehouse.ingest.casting.numerals import double, integer, numeric
from warehouse.ingest.casting.words import boolean, choice, json_text, text
from warehouse.ingest.fields import Field

# The table's own rules for one column, by the end of their names (models/base.py makes them).
RULES = {
    "positive": (pc.greater, "is not above zero"),
    "non_negative": (pc.greater_equal, "is below zero"),
}


def cast(
    values: pa.Array,
    field: Field,
    clock: Clock,
    factor: Decimal | None = None,
    latest: datetime | None = None,
) -> Cells:
    """The values of a column, null where a fault says why."""
    match field.shape:
        case "numeric":
            return _ruled(field, values, numeric(values, factor))
        case "double":
            return _ruled(field, values, double(values, factor))
        case "integer":
            return _ruled(field, values, integer(values, _integer_type(field)))
        case "boolean":
            return boolean(values)
        case "date":
            return dates(values, clock)
        case "time":
            return instants(values, clock, latest)
        case "choice":
            return choice(values, field.words)
        case "json":
            return json_text(values)
    return text(values, field.longest)


def _integer_type(field: Field) -> pa.DataType:
    assert field.column is not None
    return pa.int32() if field.column.type.__visit_name__ == "integer" else pa.int64()


def _ruled(field: Field, given: pa.Array, cells: Cells) -> Cells:
    """What the table's CHECK would refuse is told here, by row."""
    for ending in _endings(field):
        holds, why = RULES[ending]
        broken = ~pc.fill_null(holds(cells.values, _zero(cells.values.type)), True).to_numpy(
            zero_copy_only=False
        )
        if broken.any():
            told = {row: f"{shown(given, row)} {why}" for row in marked(broken)}
            cells = Cells(without(cells.values, broken), cells.faults | told, cells.scales)
    return cells


def _zero(kind: pa.DataType) -> pa.Scalar:
    return pa.scalar(Decimal(0) if pa.types.is_decimal(kind) else 0, kind)


def _endings(field: Field) -> list[str]:
    if field.column is None:
        return []
    table: Table = field.column.table
    names = {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
    prefix = f"{table.name}_{field.column.name}"
    return [ending for ending in RULES if f"{prefix}_{ending}_check" in names]


def missing(cells: Cells) -> Faults:
    """The rows that have no value where one is needed."""
    absent = np.flatnonzero(~present(cells.values))
    return {int(row): "is missing" for row in absent if int(row) not in cells.faults}
