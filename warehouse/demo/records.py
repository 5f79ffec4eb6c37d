"""A few rows written out by hand, turned into the columns that the encoder takes."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from warehouse.demo.binary import Fixed, Optional

_ARRAYS = {bool: "?", int: "i8", float: "f8"}


def columns(records: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The records, which have the same keys, as columns; None is null."""
    rows = list(records)
    return {name: _column([row[name] for row in rows]) for name in (rows[0] if rows else {})}


def _column(values: list[Any]) -> Any:
    kinds = {type(value) for value in values if value is not None}
    if not kinds:
        return None
    if all(issubclass(kind, str | bytes) for kind in kinds):
        return values
    present = np.array([value is not None for value in values])
    known = next(value for value in values if value is not None)
    filled = _array([known if value is None else value for value in values])
    return filled if present.all() else Optional(filled, present)


def _array(values: list[Any]) -> Any:
    if isinstance(values[0], Decimal):
        places = max(-int(value.as_tuple().exponent) for value in values)
        return Fixed(np.array([int(value.scaleb(places)) for value in values]), places)
    if isinstance(values[0], datetime | np.datetime64):
        return np.array([_naive(value) for value in values], "datetime64[us]")
    if isinstance(values[0], date):
        return np.array(values, "datetime64[D]")
    return np.array(values, _ARRAYS[type(values[0])])


def _naive(moment: datetime | np.datetime64) -> datetime | np.datetime64:
    """In UTC, as numpy has it: it knows no zones."""
    if isinstance(moment, np.datetime64):
        return moment
    return moment.astimezone(UTC).replace(tzinfo=None)
