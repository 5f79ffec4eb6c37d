"""What an answer looks like, for the documentation: made of the same declarations as the answer."""

from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from api.reports import Report
from api.rows import Kind, kinds

VALUES: Mapping[Kind, Any] = {
    Kind.KEY: "17",
    Kind.DECIMAL: "100.25",
    Kind.TEXT: "text",
    Kind.INTEGER: 3,
    Kind.FLOAT: 0.15,
    Kind.BOOLEAN: True,
    Kind.INSTANT: "2026-01-05T14:30:00+00:00",
    Kind.DAY: "2026-01-05",
}


def answer(report: Report) -> dict[str, Any]:
    """A report's body."""
    data = row(report.row)
    told = {"as_of": "2026-01-05T21:00:00+00:00", "generation": "1118" if report.sources else None}
    return {"data": data} | told if report.single else {"data": [data], "next_cursor": None} | told


def row(model: type[BaseModel]) -> dict[str, Any]:
    """A row with a value of each field's kind, or with the field's own example."""
    return {
        name: _value(field.annotation, kinds(model)[name], field.examples)
        for name, field in model.model_fields.items()
    }


def _value(annotation: Any, kind: Kind, examples: list[Any] | None) -> Any:
    if examples:
        return examples[0]
    inner = _inner(annotation)
    if get_origin(inner) is Literal:
        return get_args(inner)[0]
    if kind is not Kind.NESTED:
        return VALUES[kind]
    if get_origin(inner) is list:
        return [row(get_args(inner)[0])]
    return {}


def _inner(annotation: Any) -> Any:
    """What an annotation is of, where it is there."""
    if get_origin(annotation) in {Union, UnionType}:
        return next(_inner(each) for each in get_args(annotation) if each is not type(None))
    return annotation.__origin__ if get_origin(annotation) is Annotated else annotation
