"""The mapping file: how a vendor's file tells what our columns want, in TOML.

Applied by `binding`; docs/ingest.md has every key with an example.
"""

import re
import tomllib
from datetime import date as Day  # noqa: N812 - a field of that name would hide it
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from warehouse.ingest.errors import BadMapping
from warehouse.models.reference import AssetType

Unit = Literal["s", "ms", "us", "ns"]
UNKNOWN_PART = re.compile("%([^aAbBdDefFHIjmMpRSTyYz%]|$)")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"there is no time zone {name}") from error
    return name


def _form(text: str) -> str:
    if unknown := UNKNOWN_PART.search(text):
        raise ValueError(f"{unknown[0]} is no part of a time")
    return text


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _column(value: object) -> object:
    """`symbol = "Ticker"` is short for `symbol = { from = "Ticker" }`."""
    return {"from": value} if isinstance(value, str) else value


Zone = Annotated[str, AfterValidator(_zone)]
Mark = Annotated[str, Field(min_length=1, max_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnMapping(_Strict):
    """Where one of our columns comes from, and what is done to its values."""

    sources: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field((), alias="from")
    value: str | None = None
    default: str | None = None
    scale: Decimal | None = None
    nulls: tuple[str, ...] = ()
    values: dict[str, str] = {}
    format: Annotated[str, AfterValidator(_form)] | None = None
    zone: Zone | None = None
    unit: Unit | None = None
    date: Day | None = None
    decimal: Mark | None = None
    thousands: Mark | None = None
    ambiguous: Literal["earliest", "latest"] | None = None
    # Of instruments: the scheme that names them, or what tells listings of one symbol apart.
    identifier: str | None = None
    exchange: str | None = None
    asset_type: AssetType | None = None
    currency: str = "USD"


class PartMapping(_Strict):
    """Where the rows that a row holds come from: `[parts.legs]`."""

    source: str | None = Field(None, alias="from")
    columns: dict[str, Annotated[ColumnMapping, BeforeValidator(_column)]] = {}
    parts: dict[str, "PartMapping"] = {}


class Mapping(_Strict):
    """A whole mapping file; an empty one means a file in our own columns."""

    delimiter: Mark | None = None
    encoding: str | None = None
    header: tuple[str, ...] | None = None
    nulls: tuple[str, ...] = ("",)
    zone: Zone | None = None
    unit: Unit | None = None
    date: Day | None = None
    decimal: Mark | None = None
    thousands: Mark | None = None
    columns: dict[str, Annotated[ColumnMapping, BeforeValidator(_column)]] = {}
    parts: dict[str, PartMapping] = {}

    def of_part(self, name: str) -> "Mapping":
        """The mapping of the rows that a row holds: what is said for the file holds for them."""
        told = self.parts.get(name, PartMapping.model_validate({}))
        return self.model_copy(update={"columns": told.columns, "parts": told.parts})

    def canonical(self) -> bytes:
        """The same for mappings that say the same: part of a load's identity."""
        return self.model_dump_json(by_alias=True).encode()


def read_mapping(path: Path) -> Mapping:
    """The mapping that a file says."""
    try:
        return Mapping.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadMapping(
            f"The mapping {path} cannot be read: {error}. Nothing was loaded."
        ) from error
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {wrong(e)}" for e in error.errors())
        raise BadMapping(
            f"The mapping {path} says what it cannot: {told}. Nothing was loaded."
        ) from error


def wrong(error: ErrorDetails) -> str:
    """What is wrong with a value, without pydantic's words for it."""
    if error["type"] == "extra_forbidden":
        return "there is no such key"
    return error["msg"].removeprefix("Value error, ")
