"""What is encoded by the column arrives in the database as it was meant, row by row."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from psycopg import Connection, connect
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.db.target import Target
from warehouse.demo.binary import HEADER, TRAILER, Fixed, Optional, blocks

KINDS: dict[str, tuple[str, Any]] = {
    "big": ("bigint", BigInteger()), "whole": ("integer", Integer()), "real": ("float8", Double()),
    "exact": ("numeric", Numeric()), "flag": ("boolean", Boolean()), "words": ("text", Text()),
    "day": ("date", Date()), "moment": ("timestamptz", DateTime(timezone=True)),
    "doc": ("jsonb", JSONB()), "raw": ("bytea", LargeBinary()),
}  # fmt: skip
TABLE = Table("t", MetaData(), *(Column(name, kind) for name, (_, kind) in KINDS.items()))


@pytest.fixture
def conn(database: Target) -> Any:
    with connect(**database.keywords(options="-c timezone=UTC")) as conn:
        columns = ", ".join(f"{name} {kind}" for name, (kind, _) in KINDS.items())
        conn.execute(f"create temp table t (place bigint generated always as identity, {columns})")
        yield conn


def stored(conn: Connection[Any], rows: dict[str, Any]) -> list[tuple[Any, ...]]:
    names = ", ".join(rows)
    with conn.cursor().copy(f"copy t ({names}) from stdin (format binary)") as copy:
        for block in (HEADER, *blocks(TABLE, rows), TRAILER):
            copy.write(block)
    return conn.execute(f"select {names} from t order by place").fetchall()


def test_every_kind_of_column_arrives(conn: Connection[Any]) -> None:
    rows = {
        "big": np.array([-(2**62), 7]),
        "whole": 3,
        "real": np.array([0.1, -2e300]),
        "flag": np.array([True, False]),
        "words": ["Zürich", ""],
        "day": np.array(["1999-12-31", "2026-06-30"], "M8[D]"),
        "moment": np.datetime64("2026-06-30T13:30:00.000001", "us"),
        "doc": np.array(['{"a": 1}', "[]"], "S"),
        "raw": [b"\x00\xff\x00", b""],
    }
    at = datetime(2026, 6, 30, 13, 30, 0, 1, UTC)
    assert stored(conn, rows) == [
        (-(2**62), 3, 0.1, True, "Zürich", date(1999, 12, 31), at, {"a": 1}, b"\x00\xff\x00"),
        (7, 3, -2e300, False, "", date(2026, 6, 30), at, [], b""),
    ]


@pytest.mark.parametrize("places", [0, 1, 2, 4, 6, 8, 14])
def test_decimals_are_exact_and_keep_their_scale(conn: Connection[Any], places: int) -> None:
    units = [0, 1, -1, 9_999, 10_000, 10_001, -123_456_789, 10**12, 10**17 + 1, -(10**18)]
    found = stored(conn, {"exact": Fixed(np.array(units), places)})
    assert [f"{value:f}" for (value,) in found] == [
        f"{Decimal(unit).scaleb(-places):.{places}f}" for unit in units
    ]


def test_decimals_beyond_64_bits_are_exact_too(conn: Connection[Any]) -> None:
    units = [10**25 + 1, -(10**30), 0]
    found = stored(conn, {"exact": Fixed(np.array(units, object), 14)})
    assert [value for (value,) in found] == [Decimal(unit).scaleb(-14) for unit in units]


def test_each_decimal_can_have_a_scale_of_its_own(conn: Connection[Any]) -> None:
    exact = Fixed(np.array([12_500, 12_345, 20_000]), 4, np.array([2, 4, 0]))
    found = stored(conn, {"exact": exact})
    assert [str(value) for (value,) in found] == ["1.25", "1.2345", "2"]


def test_nulls_are_nulls_in_every_kind_of_column(conn: Connection[Any]) -> None:
    present = np.array([True, False, True])
    rows = {
        "big": Optional(np.array([1, 2, 3]), present),
        "exact": Optional(Fixed(np.array([1, 2, 3]), 1), present),
        "words": ["a", None, "ccc"],
        "doc": Optional("{}", present),
        "flag": None,
    }
    assert stored(conn, rows) == [
        (1, Decimal("0.1"), "a", {}, None),
        (None, None, None, None, None),
        (3, Decimal("0.3"), "ccc", {}, None),
    ]


def test_rows_beyond_a_block_are_all_written(conn: Connection[Any]) -> None:
    total = 20_000
    stored(conn, {"big": np.arange(total), "words": np.arange(total).astype("S")})
    row = conn.execute(
        "select count(*), sum(big), count(*) filter (where words = big::text) from t"
    )
    assert row.fetchone() == (total, total * (total - 1) // 2, total)
