"""How each column is carried: what PostgreSQL sends, what the file holds, and which codec is between.

What Parquet has no exact type for is carried as the text that PostgreSQL writes for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal as Number
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from psycopg import Connection, sql
from psycopg.rows import class_row, dict_row
from pydantic import BaseModel, ConfigDict

from warehouse.partitions.archive.codecs import Codec, Fixed, Text
from warehouse.partitions.archive.decimals import Decimal
from warehouse.partitions.archive.lists import List
from warehouse.sql import query

MICROSECONDS = 946_684_800_000_000  # from 1970 to 2000, where PostgreSQL's clock starts
DAYS = 10_957
WIDEST = 76  # digits of decimal256
# Up to here all numerics are looked at before they are carried, which takes a moment.
LOOKED_THROUGH = 64 << 20
SAMPLE = "tablesample system (1)"

PLAIN: Mapping[str, Codec] = {
    "bool": Fixed(pa.bool_(), np.dtype("u1")),
    "int2": Fixed(pa.int16(), np.dtype(">i2")),
    "int4": Fixed(pa.int32(), np.dtype(">i4")),
    "int8": Fixed(pa.int64(), np.dtype(">i8")),
    "float4": Fixed(pa.float32(), np.dtype(">f4")),
    "float8": Fixed(pa.float64(), np.dtype(">f8")),
    "date": Fixed(pa.date32(), np.dtype(">i4"), DAYS),
    "timestamp": Fixed(pa.timestamp("us"), np.dtype(">i8"), MICROSECONDS),
    "timestamptz": Fixed(pa.timestamp("us", "UTC"), np.dtype(">i8"), MICROSECONDS),
    "xid8": Fixed(pa.uint64(), np.dtype(">u8")),
    "text": Text(pa.string()),
    "varchar": Text(pa.string()),
    "bpchar": Text(pa.string()),
    "json": Text(pa.string()),
    "jsonb": Text(pa.string(), b"\x01"),
    "bytea": Text(pa.binary()),
}
AS_TEXT = PLAIN["text"]


@dataclass(frozen=True)
class Column:
    """A column as the catalogue says it; `base` is its type without domain and modifiers."""

    name: str
    type: str
    base: str
    element: str | None
    element_oid: int | None
    not_null: bool
    has_default: bool
    generated: bool


class Carried(BaseModel):
    """A column in the manifest: its type in PostgreSQL, and what became of it in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    type: str
    parquet: str
    carried: Literal["plain", "decimal", "list", "text"]
    base: str
    element: str | None = None
    element_oid: int | None = None
    precision: int | None = None
    scale: int | None = None
    scales_kept: bool = False
    not_null: bool = False
    generated: bool = False
    nulls: int = 0
    minimum: str | None = None
    maximum: str | None = None

    @property
    def codec(self) -> Codec:
        """What reads and writes it."""
        if self.carried == "decimal" and self.precision is not None and self.scale is not None:
            return Decimal(self.precision, self.scale, self.scales_kept)
        if self.carried == "list" and self.element and self.element_oid:
            return List(PLAIN[self.element], self.element_oid)
        return AS_TEXT if self.carried == "text" else PLAIN[self.base]

    @property
    def selected(self) -> sql.Composable:
        """How it is asked for."""
        name = sql.Identifier(self.name)
        return name + sql.SQL("::text") if self.carried == "text" else name


def columns(conn: Connection[Any], table: sql.Identifier) -> list[Column]:
    """The columns of a table, in their order."""
    named = {"table": table.as_string()}
    with conn.cursor(row_factory=class_row(Column)) as cursor:
        return cursor.execute(query("partitions/describe_columns"), named).fetchall()


def carry(
    conn: Connection[Any], table: sql.Identifier, found: Sequence[Column], *, guess: bool = False
) -> list[Carried]:
    """How the rows that are there now are carried; reads the numerics and arrays once.

    As a guess it reads a hundredth of a large table, which saves a tenth of an archive's time. What
    does not fit the guess is refused when it is decoded, never bent.
    """
    numerics = [fact for column in found for fact in _numeric_facts(column)]
    arrays = [fact for column in found for fact in _array_facts(column)]
    facts: dict[str, Any] = {}
    if wanted := [*numerics, *arrays]:
        sampled = guess and not arrays and _is_large(conn, table)
        source = sql.SQL("{} " + SAMPLE if sampled else "{}").format(table)
        with conn.cursor(row_factory=dict_row) as cursor:
            statement = sql.SQL("select {} from {}").format(sql.SQL(", ").join(wanted), source)
            facts = cursor.execute(statement).fetchone() or {}
    return [_carried(column, facts) for column in found]


def _is_large(conn: Connection[Any], table: sql.Identifier) -> bool:
    named = {"table": table.as_string()}
    row = conn.execute(query("partitions/measure_table"), named).fetchone()
    return bool(row and row[0] > LOOKED_THROUGH)


def _numeric_facts(column: Column) -> list[sql.Composable]:
    if column.base != "numeric":
        return []
    asked = {
        "highest": "max({})::text",
        "lowest": "min({})::text",
        "most": "max(scale({}))",
        "least": "min(scale({}))",
    }
    return [_fact(column, key, text) for key, text in asked.items()]


def _array_facts(column: Column) -> list[sql.Composable]:
    # An array can say that it has nulls and have none; only text carries that, by losing it.
    odd = (
        "bool_or(array_ndims({0}) > 1 or array_lower({0}, 1) <> 1"
        " or (get_byte(array_send({0}), 7) = 1 and array_position({0}, null) is null))"
    )
    return [_fact(column, "odd", odd)] if column.element in PLAIN else []


def _fact(column: Column, key: str, text: str) -> sql.Composable:
    asked = sql.SQL(text).format(sql.Identifier(column.name))
    return asked + sql.SQL(" as ") + sql.Identifier(f"{column.name} {key}")


def _carried(column: Column, facts: Mapping[str, Any]) -> Carried:
    told = {key: getattr(column, key) for key in ("name", "type", "base", "not_null", "generated")}
    if column.base == "numeric" and (size := _size(column.name, facts)):
        precision, scale = size
        mixed = facts[f"{column.name} least"] != facts[f"{column.name} most"]
        return _typed(told, "decimal", precision=precision, scale=scale, scales_kept=mixed)
    if column.element in PLAIN and not facts[f"{column.name} odd"]:
        return _typed(told, "list", element=column.element, element_oid=column.element_oid)
    return _typed(told, "plain" if column.base in PLAIN else "text")


def _typed(told: Mapping[str, Any], carried: str, **more: Any) -> Carried:
    made = Carried.model_validate({**told, **more, "carried": carried, "parquet": ""})
    return made.model_copy(update={"parquet": str(made.codec.arrow)})


def _size(name: str, facts: Mapping[str, Any]) -> tuple[int, int] | None:
    """The narrowest decimal that holds every value exactly, or None if none does."""
    bounds = [Number(facts[f"{name} {key}"] or 0) for key in ("lowest", "highest")]
    if not all(bound.is_finite() for bound in bounds):
        return None
    scale = int(facts[f"{name} most"] or 0)
    whole = max(max(bound.adjusted() + 1, 0) for bound in bounds)
    widths = (precision for precision in (18, 38, WIDEST) if whole + scale <= precision)
    precision = next(widths, None)
    return None if precision is None else (precision, scale)
