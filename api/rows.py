"""What a report's columns are: documented once, from which their form in each format follows.

A row's model is for the documentation and for the casts of api/statements.py; rows themselves are
made in the database and never pass through it.
"""

import types
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Field, WithJsonSchema


class Kind(StrEnum):
    """How a column is carried."""

    KEY = "key"  # a bigint, in JSON a string
    DECIMAL = (
        "decimal"  # a numeric, a string everywhere: it may have more digits than any number type
    )
    TEXT = "text"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    DAY = "day"
    NESTED = "nested"  # JSON


class _Key:
    """Marks a string that is a bigint in the database."""


Id = Annotated[
    str, _Key(), Field(description="Key, as a string: it may pass 2^53.", examples=["17"])
]
Number = Annotated[
    Decimal, WithJsonSchema({"type": "string", "format": "decimal", "examples": ["100.25"]})
]
Instant = Annotated[datetime, Field(examples=["2026-01-05T14:30:00+00:00"])]

KINDS = {
    Decimal: Kind.DECIMAL,
    str: Kind.TEXT,
    int: Kind.INTEGER,
    float: Kind.FLOAT,
    bool: Kind.BOOLEAN,
    datetime: Kind.INSTANT,
    date: Kind.DAY,
}


@cache
def kinds(row: type[BaseModel]) -> dict[str, Kind]:
    """The columns of a row, in their order."""
    return {
        name: _kind(field.annotation, field.metadata) for name, field in row.model_fields.items()
    }


def _kind(annotation: Any, metadata: Any = ()) -> Kind:
    if any(isinstance(each, _Key) for each in metadata):
        return Kind.KEY
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kind(annotation.__origin__, annotation.__metadata__)
    if origin in {Union, types.UnionType}:
        (inner,) = (each for each in get_args(annotation) if each is not type(None))
        return _kind(inner)
    if origin is Literal:
        return Kind.TEXT
    if origin in {list, dict} or (
        isinstance(annotation, type) and issubclass(annotation, BaseModel)
    ):
        return Kind.NESTED
    return KINDS[annotation]
