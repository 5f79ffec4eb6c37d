"""What the answers look like, for the OpenAPI document; rows are not validated against it on the way out."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, WithJsonSchema

AssetType = Literal[
    "equity",
    "etf",
    "mutual_fund",
    "index",
    "option",
    "future",
    "forex",
    "crypto",
    "bond",
    "currency",
    "event",
]


def _storable(value: str) -> str:
    if "\0" in value:
        raise ValueError("must not hold a NUL character, which PostgreSQL cannot store")
    return value


SearchText = Annotated[str, AfterValidator(_storable)]
Id = Annotated[str, Field(description="Key, as a string: it may pass 2^53.", examples=["17"])]
Number = Annotated[
    Decimal, WithJsonSchema({"type": "string", "format": "decimal", "examples": ["100.00"]})
]


class FieldProblem(BaseModel):
    """One field that is wrong."""

    field: str
    detail: str


class Problem(BaseModel):
    """An RFC 9457 problem; members that say nothing are left out."""

    type: str = Field(examples=["urn:tapehouse:problem:bad_cursor"])
    title: str = Field(description="The kind of problem.")
    status: int = Field(description="The HTTP status.", examples=[400])
    detail: str = Field(description="What happened this time.")
    code: str = Field(description="What to program against.", examples=["bad_cursor"])
    hint: str | None = Field(default=None, description="What to do next.")
    field: str | None = Field(default=None, description="The parameter that is wrong.")
    request_id: str | None = Field(default=None, description="What to name when reporting it.")
    errors: list[FieldProblem] | None = Field(
        default=None, description="All that is wrong, when it is more than one parameter."
    )


class Check(BaseModel):
    """One thing that must hold before requests are sent here."""

    name: str = Field(examples=["database"])
    ok: bool
    detail: str


class Live(BaseModel):
    """The process answers."""

    live: bool = True


class Readiness(BaseModel):
    """Everything a request needs is there."""

    ready: bool = True
    checks: list[Check]


class Instrument(BaseModel):
    """One listing: a symbol used again after a delisting is another one."""

    instrument_id: Id
    symbol: str = Field(description="Ticker; an option's is its 21-character OSI symbol.")
    asset_type: AssetType
    exchange: str | None = Field(description="Market identifier code.", examples=["XNAS"])
    currency: str = Field(description="Currency of the price.", examples=["USD"])
    company_name: str | None
    sector: str | None
    industry: str | None
    country: str | None = Field(description="ISO 3166 alpha-2.")
    multiplier: Number = Field(description="Units one contract stands for.")
    underlying_id: Id | None = Field(description="Instrument that a derivative derives from.")
    is_optionable: bool
    is_active: bool
    listed_at: datetime | None
    delisted_at: datetime | None


class InstrumentPage(BaseModel):
    """A page of instruments, by symbol."""

    data: list[Instrument]
    next_cursor: str | None = Field(description="`cursor` of the next page; null on the last.")
