"""The types of a report's parameters: read strictly, so that what is documented is what is taken."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Self

from fastapi import Path
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    WithJsonSchema,
    model_validator,
)

BIGINT = range(-(2**63), 2**63)
INSTANT = re.compile(
    r"(\d{4})-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.IGNORECASE
)


def _storable(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not hold a NUL character, which PostgreSQL cannot store")
    return value


def _written(pattern: str, wanted: str) -> Callable[[Any], Any]:
    """Pydantic reads more than is documented: `1_0` as a number, `on` as true."""
    compiled = re.compile(pattern)

    def check(value: Any) -> Any:
        if isinstance(value, str) and not compiled.fullmatch(value):
            raise ValueError(f"must be {wanted}")
        return value

    return check


def _instant(value: Any) -> Any:
    """A `+` that nobody encoded arrives as a space."""
    text = value.replace(" ", "+") if isinstance(value, str) else ""
    if not INSTANT.fullmatch(text):
        raise ValueError("must be an instant with its zone, like 2026-01-05T14:30:00Z")
    return text


def _in_utc(value: datetime) -> datetime:
    """The database keeps instants in UTC, where the first and last hours of time may not exist."""
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("must be within the years 1 to 9999 in UTC") from error


# What constrains a value stands before what reads it, or it is missing from the documentation.
Text = Annotated[
    str, AfterValidator(_storable), WithJsonSchema({"type": "string", "pattern": r"^[^\x00]*$"})
]
Word = Annotated[
    str,
    Field(min_length=1, max_length=100),
    AfterValidator(_storable),
    WithJsonSchema({"type": "string", "pattern": r"^[^\x00]+$", "minLength": 1, "maxLength": 100}),
]
# A comma parts the members of a list.
Member = Annotated[
    str, Field(min_length=1, max_length=100, pattern=r"^[^\x00,]+$"), AfterValidator(_storable)
]
_whole = BeforeValidator(_written(r"-?[0-9]{1,30}", "a whole number"))
Key = Annotated[int, Field(ge=0, le=2**63 - 1), _whole]
Days = Annotated[int, Field(ge=0, le=100_000), _whole]
Count = Annotated[int, Field(ge=0, le=10**15), _whole]
# As JSON writes numbers: programs print small ones with an exponent.
_decimal = BeforeValidator(
    _written(r"-?[0-9]{1,15}(\.[0-9]{1,20})?(e[+-]?[0-9]{1,3})?", "a number, like 0.25")
)
Delta = Annotated[float, Field(ge=-1, le=1), _decimal]
Ratio = Annotated[float, Field(ge=0, le=1000), _decimal]
PageSize = Annotated[int, Field(ge=1, le=1000), _whole]
Priority = Annotated[int, Field(ge=1, le=5), _whole]
Flag = Annotated[bool, BeforeValidator(_written("true|false", "true or false"))]
Moment = Annotated[datetime, BeforeValidator(_instant), AfterValidator(_in_utc)]
Day = Annotated[date, BeforeValidator(_written(r"\d{4}-\d\d-\d\d", "a day, like 2026-01-05"))]
AccountHash = Annotated[
    Text,
    Path(description="The account's public identifier.", max_length=200, examples=["A1B2C3"]),
]
PortfolioId = Annotated[Key, Path(description="The portfolio's key.", examples=[1])]


class Window(BaseModel):
    """From a moment to before another; either may be left open."""

    from_at: Moment | None = Field(
        default=None, alias="from", description="First moment.", examples=["2026-01-01T00:00:00Z"]
    )
    to_at: Moment | None = Field(
        default=None,
        alias="to",
        description="End of the time, exclusive.",
        examples=["2026-02-01T00:00:00Z"],
    )

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.from_at and self.to_at and self.from_at >= self.to_at:
            raise ValueError("`from` must be before `to`")
        return self


class DayWindow(BaseModel):
    """From a day to before another; either may be left open."""

    from_day: Day | None = Field(
        default=None, alias="from", description="First day.", examples=["2026-01-01"]
    )
    to_day: Day | None = Field(
        default=None, alias="to", description="Day after the last.", examples=["2026-07-01"]
    )

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.from_day and self.to_day and self.from_day >= self.to_day:
            raise ValueError("`from` must be before `to`")
        return self


def bounded(from_at: datetime, to_at: datetime, longest: timedelta, grain: str) -> None:
    """A window that its grain makes too long to answer is refused."""
    if to_at - from_at > longest:
        raise ValueError(f"from `from` to `to` may be at most {longest.days} days by {grain}")
