"""What a request asks of a report: its filters, its page and its form, read once from path and query."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import parse_qsl

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, to_jsonable_python

from api import cursors
from api.errors import INVALID, NOT_FOUND, Problem, invalid
from api.reports import CONTROLS, USUAL_PAGE, Asking, Report
from api.rows import Kind

# Past the first a query is a mistake or an attack; within the second it is kept, for programs ask again.
LONGEST_QUERY = 20_000
LONGEST_KEPT = 500


@dataclass(frozen=True)
class Asked:
    """One question, with its values in the order of the function's arguments."""

    report: Report
    arguments: tuple[Any, ...]
    position: tuple[Any, ...] = ()
    limit: int | None = None
    count: str = "none"
    fields: tuple[str, ...] = ()
    form: str | None = None
    given: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def __hash__(self) -> int:
        return self.hashed

    @cached_property
    def hashed(self) -> int:
        """Made once: memory is asked by it with every request."""
        return hash((self.query, self.position, self.limit, self.count, self.fields, self.form))

    @cached_property
    def named(self) -> str:
        """Of which rows, in which shape, of which version of the report: what a tag stands for."""
        rows = (self.query, self.position, self.limit, self.count, self.fields)
        return repr((rows, self.report.version))

    @property
    def query(self) -> cursors.Query:
        """What a cursor is bound to."""
        return (self.report.name, *self.arguments)

    @cached_property
    def told(self) -> orjson.Fragment:
        """What was asked, as it is recorded."""
        return orjson.Fragment(orjson.dumps(self.given))

    @property
    def page_size(self) -> int:
        return self.limit or USUAL_PAGE

    def next_cursor(self, position: Any) -> str:
        return cursors.encode(self.query, position)


def asked(report: Report, path: Mapping[str, str], query: bytes) -> Asked:
    """The question that a request's path and query put; a `Problem` names what is wrong with it."""
    if len(query) > LONGEST_QUERY:
        raise Problem(INVALID, f"The query is longer than {LONGEST_QUERY} bytes.", field="query")
    read = _asked if len(query) <= LONGEST_KEPT else _asked.__wrapped__
    return read(report, tuple(path.items()), query)


@lru_cache(maxsize=2048)
def _asked(report: Report, path: tuple[tuple[str, str], ...], query: bytes) -> Asked:
    located = dict(path)
    subject = _subject(report, located)
    model = _validated(report.asking, {**located, **_pairs(report.asking, query)})
    filters = tuple(
        _kept(getattr(model, name)) for name in report.filters.model_fields if name not in CONTROLS
    )
    arguments = (*subject, *filters)
    cursor: str | None = getattr(model, "cursor", None)
    return Asked(
        report=report,
        arguments=arguments,
        position=_position(report, cursor, (report.name, *arguments)),
        limit=getattr(model, "limit", None),
        count=getattr(model, "count", "none"),
        fields=tuple(dict.fromkeys(getattr(model, "fields", None) or ())),
        form=model.format,
        given=_given(model, path),
    )


def _kept(value: Any) -> Any:
    """A question names what memory keeps, so all of it can be hashed."""
    return tuple(value) if isinstance(value, list) else value


def _subject(report: Report, located: dict[str, str]) -> tuple[Any, ...]:
    """The path's subject; one that cannot be is missing like one that is not."""
    if report.subject is None:
        return ()
    try:
        return (_adapter(report).validate_python(located.pop(report.subject.name)),)
    except ValidationError as error:
        raise missing(report) from error


@lru_cache(maxsize=256)
def _adapter(report: Report) -> TypeAdapter[Any]:
    assert report.subject
    return TypeAdapter(report.subject.annotation)


def missing(report: Report) -> Problem:
    what = report.subject.name if report.subject else report.tag
    return Problem(NOT_FOUND, f"There is no such {what}, or this key may not see it.")


def _pairs(model: type[Asking], query: bytes) -> dict[str, Any]:
    """The query's parameters; lists are repeated or parted by commas, all else stands once."""
    found: dict[str, Any] = {}
    listed = _listed(model)
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name in listed:
            found.setdefault(name, []).extend(value.split(","))
        elif name in found:
            raise Problem(INVALID, "It is given twice.", field=name)
        else:
            found[name] = value
    return found


@lru_cache(maxsize=256)
def _listed(model: type[BaseModel]) -> frozenset[str]:
    properties = model.model_json_schema()["properties"]
    return frozenset(
        name
        for name, schema in properties.items()
        if any(each.get("type") == "array" for each in (schema, *schema.get("anyOf", ())))
    )


def _validated(model: type[Asking], values: Mapping[str, Any]) -> Asking:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        found = [
            {"field": str(each["loc"][0]) if each["loc"] else "query", "detail": _said(each)}
            for each in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise invalid(found) from error


def _said(error: ErrorDetails) -> str:
    """What pydantic says, in words of those who ask."""
    if error["type"] == "extra_forbidden":
        return "There is no such parameter."
    return error["msg"].removeprefix("Value error, ")


def _position(report: Report, cursor: str | None, query: cursors.Query) -> tuple[Any, ...]:
    if cursor is None:
        return (None,) * len(report.order)
    kinds: list[Kind] = [report.columns[column] for column in report.order]
    return cursors.decode(cursor, query, kinds)


def _given(model: Asking, path: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """What was asked, for the record of who read what."""
    chosen = model.model_dump(exclude_none=True, exclude_defaults=True, by_alias=True)
    return {**dict(path), **to_jsonable_python(chosen)}
