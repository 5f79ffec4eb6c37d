"""Every type comes back bit for bit, and the file's type is the one that its readers expect."""

import struct
from datetime import UTC, datetime
from decimal import Decimal as Number
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection, sql

from warehouse.partitions.archive import Archive, archive, make, restore
from warehouse.partitions.archive import columns as how
from warehouse.partitions.archive.columns import Carried, carry, columns
from warehouse.partitions.archive.errors import Misfit
from warehouse.partitions.archive.manifest import copy_out
from warehouse.partitions.archive.rows import decode, encode, sent, snapshot

PARENT, PARTITION = "market.oddities", "market.oddities_p20260101"
MAKE = """
create type market.mood as enum ('calm', 'nervous');
create domain market.money as numeric check (value is null or value < 1e100);
create table market.oddities (
    at timestamptz not null, id bigint not null,
    small smallint, plain integer, flag boolean, single real, double double precision,
    day date, stamp timestamp, moment timestamptz, price numeric, fixed numeric(12, 2), wide numeric,
    huge numeric, strange numeric, cash market.money, words text, brief varchar(10), padded char(4),
    raw bytea, doc jsonb, page json, xid xid8, shot pg_snapshot, key uuid, host inet, span interval,
    mood market.mood, numbers bigint[], texts text[], doubles double precision[], matrix integer[],
    sums numeric[], doubled numeric generated always as (price * 2) stored,
    primary key (at, id)
) partition by range (at);
create table market.oddities_p20260101 partition of market.oddities
    for values from ('2026-01-01 00:00Z') to ('2026-02-01 00:00Z');
alter table market.oddities owner to warehouse_owner;
alter table market.oddities_p20260101 owner to warehouse_owner;
alter type market.mood owner to warehouse_owner;
alter domain market.money owner to warehouse_owner;
insert into ops.partition_policy (parent_table, control, partition_interval, datetime_string)
values ('market.oddities', 'at', '1 month', 'YYYYMMDD');
"""
NULLS = "insert into market.oddities (at, id) values ('2026-01-05', 1)"
ROWS = r"""
insert into market.oddities (at, id, small, plain, flag, single, double, day, stamp, moment, price,
    fixed, wide, huge, strange, cash, words, brief, padded, raw, doc, page, xid, shot, key, host, span,
    mood, numbers, texts, doubles, matrix, sums)
values
    ('2026-01-01', 2, -32768, -2147483648, false, '-Infinity', '-0', '-infinity', '-infinity',
    '-infinity', 0, 0, 1e18, 1e70, 'NaN', 0, '', '', '', '', 'null', ' {"b":1, "a":2, "b":3} ', '0',
    '1:1:', '00000000-0000-0000-0000-000000000000', '::1', '-1 mon 3 days', 'calm', '{}', '{}',
    '{}', '{}', '{}'),
    ('2026-01-01 00:00:00.000001', 3, 32767, 2147483647, true, 'NaN', 'NaN', 'infinity', 'infinity',
    'infinity', 0.00, -0.01, -1234567890123456789.012345678901234567, -1, 'Infinity', 99.990,
    e'a\n"b"\\,\'c\t', 'é', 'ab', '\x00ff', '{"n": 1.50, "deep": [{"é": null}], "big": 1e400}', '[]',
    '18446744073709551615', '10:20:10,14,15', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '10.0.0.0/8',
    '1 year 00:00:00.000001', 'nervous', '{1,null,-9223372036854775808}', '{"",null,"a b","{}"}',
    '{NaN,-0,5e-324}', '{{1,2},{3,4}}', '{1.50,NaN}'),
    ('2026-01-31 23:59:59.999999', 4, 0, 0, null, 1e-45, 5e-324, '0001-01-01 BC', '4713-01-01 BC',
    '9999-12-31 23:59:59.999999+00', 101.50, 9999999999.99, 0.000000000000000001, 1e-6, 1, 1e20,
    repeat('long ', 5000), 'x', 'abcd', decode(repeat('ab', 3000), 'hex'), '"text"', '"é"', '42',
    '5:9:', null, null, null, null, array[7]::bigint[], array['é'], '{1.1}', '[0:1]={1,2}', null),
    ('2026-01-15', 5, 1, 1, true, 3.4028235e38, 1.7976931348623157e308, '2026-01-15',
    '2026-01-15 12:00', '1970-01-01', 0.1 + 0.2, 1, 12345678901234567890, 7, 2, -3.000, 'plain', 'y', 'z', '\x01', '{}',
    '{}', '7', null, null, null, null, null, (array[1, null, 2])[1:1], null, null, null, null)
"""


@pytest.fixture
def odd(conn: Connection[Any]) -> Connection[Any]:
    conn.execute(MAKE)
    conn.execute(NULLS)
    conn.execute(ROWS)
    conn.execute(
        "update market.oddities set numbers[2] = 5 where id = 3"
    )  # says it has nulls still
    # Signs and payloads of NaN have no text; only the wire can bring them in.
    with conn.cursor() as cursor:
        copying = "copy market.oddities (at, id, double) from stdin (format binary)"
        with cursor.copy(copying) as copy:
            copy.set_types(["timestamptz", "int8", "float8"])
            (signed,) = struct.unpack(">d", bytes.fromhex("fff8000000000123"))
            copy.write_row((datetime(2026, 1, 20, tzinfo=UTC), 6, signed))
    return conn


def texts(conn: Connection[Any], table: str) -> list[Any]:
    return conn.execute(
        f"select t::text, float8send(double) from {table} as t order by id"
    ).fetchall()


@pytest.fixture
def archived(odd: Connection[Any], url: str) -> Archive:
    return archive(odd, PARENT, PARTITION, url)


def test_every_value_comes_back_bit_for_bit(odd: Connection[Any], archived: Archive) -> None:
    before = texts(odd, PARTITION)
    odd.execute("alter table market.oddities detach partition market.oddities_p20260101")
    odd.execute("alter table market.oddities_p20260101 rename to oddities_before")
    restore(odd, archived.archive_id)
    assert texts(odd, PARTITION) == before
    assert len(before) == 6


def test_the_manifest_says_how_each_column_is_carried(
    odd: Connection[Any], archived: Archive
) -> None:
    carried = {c.name: (c.carried, c.parquet) for c in archived.contents().columns}
    assert carried["price"] == ("decimal", "decimal128(18, 2)")
    assert carried["fixed"] == ("decimal", "decimal128(18, 2)")
    assert carried["cash"] == ("decimal", "decimal128(38, 3)")
    assert carried["wide"] == ("decimal", "decimal128(38, 18)")
    assert carried["huge"] == ("text", "string"), "76 digits do not hold 1e70 and 1e-6"
    assert carried["strange"] == ("text", "string"), "no decimal holds NaN"
    assert carried["moment"] == ("plain", "timestamp[us, tz=UTC]")
    assert carried["double"] == ("plain", "double")
    assert carried["xid"] == ("plain", "uint64")
    assert carried["texts"] == ("list", "list<item: string>")
    odd_ones = ("numbers", "matrix", "sums", "shot", "key", "host", "span", "mood")
    assert {carried[name] for name in odd_ones} == {("text", "string")}
    assert carried["doc"] == ("plain", "string")


def test_numerics_open_as_decimals_with_the_scale_that_the_data_has(
    odd: Connection[Any], archived: Archive
) -> None:
    folder = Path(archived.location.removeprefix("file://"))
    table = pq.read_table(folder / "part-00000.parquet")
    held = dict(zip(table["id"].to_pylist(), table["price"].to_pylist(), strict=True))
    assert held == {1: None, 2: 0, 3: 0, 4: Number("101.50"), 5: Number("0.3"), 6: None}
    assert table.column_names == [c.name for c in archived.contents().columns]


def test_other_readers_see_the_same_values(odd: Connection[Any], archived: Archive) -> None:
    import duckdb
    import polars as pl

    path = f"{archived.location.removeprefix('file://')}/part-00000.parquet"
    asked = duckdb.read_parquet(path).filter("id = 4").project("price, wide")
    assert asked.fetchall()[0] == (Number("101.50"), Number("1e-18"))
    polar = pl.read_parquet(path).filter(pl.col("id") == 4)
    assert polar["price"].item() == Number("101.50")
    assert polar["texts"].to_list() == [["é"]]


finite = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40)
given_so = st.builds(
    lambda units, scale: Number(units).scaleb(-scale),
    st.integers(-(10**30), 10**30),
    st.integers(0, 30),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.none() | finite | given_so, min_size=1, max_size=30))
def test_any_numeric_goes_to_arrow_and_back_as_the_server_sent_it(
    conn: Connection[Any], values: list[Number | None]
) -> None:
    with conn.transaction(force_rollback=True):
        conn.execute("create temporary table numbers (id integer primary key, n numeric)")
        with conn.cursor() as cursor:
            cursor.executemany("insert into numbers values (%s, %s)", list(enumerate(values)))
        table = sql.Identifier("pg_temp", "numbers")
        carried = carry(conn, table, columns(conn, table))
        assert came_back(conn, carried, table)


def came_back(conn: Connection[Any], carried: list[Carried], table: sql.Identifier) -> bool:
    with sent(conn, copy_out(carried, ["id"], True, table)) as chunks:
        return all(chunk.octets == encode(carried, decode(carried, chunk)) for chunk in chunks)


@pytest.mark.parametrize(
    ("percent", "looks"), [(0, [True, False]), (100, [True])], ids=["misled", "right"]
)
def test_of_a_large_table_a_sample_is_looked_at_and_never_trusted(
    odd: Connection[Any], url: str, monkeypatch: pytest.MonkeyPatch, percent: int, looks: list[bool]
) -> None:
    for name in ("numbers", "texts", "doubles", "matrix", "sums"):
        odd.execute(f"alter table market.oddities drop column {name}")
    by_all = archive(odd, PARENT, PARTITION, url).contents().columns
    odd.execute("delete from ops.archives")
    looked: list[bool] = []

    def look(*args: Any, guess: bool) -> list[Carried]:
        looked.append(guess)
        return carry(*args, guess=guess)

    monkeypatch.setattr(how, "LOOKED_THROUGH", 0)
    monkeypatch.setattr(how, "SAMPLE", f"tablesample system ({percent})")
    monkeypatch.setattr(make, "carry", look)
    archived = archive(odd, PARENT, PARTITION, url)
    assert archived.state == "verified"
    assert archived.contents().columns == by_all
    assert looked == looks


@pytest.mark.parametrize(
    ("told", "came"),
    [("1.25", "1.250"), ("1.25", "1.2"), ("1.25", "NaN"), ("1.25", "1e17"), ("1e30", "1e38")],
)
def test_a_number_that_a_sample_did_not_tell_of_is_refused(
    conn: Connection[Any], told: str, came: str
) -> None:
    with conn.transaction(force_rollback=True):
        conn.execute("create temporary table numbers (id integer primary key, n numeric)")
        conn.execute("insert into numbers values (1, %s)", [told])
        table = sql.Identifier("pg_temp", "numbers")
        carried = carry(conn, table, columns(conn, table))
        conn.execute("insert into numbers values (2, %s)", [came])
        with pytest.raises(Misfit, match="column n holds"):
            came_back(conn, carried, table)


def test_the_same_rows_come_the_same_way_whatever_the_session_says(
    odd: Connection[Any], archived: Archive, url: str
) -> None:
    odd.execute(
        "set timezone = 'Asia/Tokyo'; set extra_float_digits = -5;"
        "set intervalstyle = 'iso_8601'; set bytea_output = 'escape'"
    )
    assert archive(odd, PARENT, PARTITION, url) == archived
    with snapshot(odd):
        assert odd.execute("show timezone").fetchone() == ("UTC",)
    assert odd.execute("show timezone").fetchone() == ("Asia/Tokyo",)


def test_a_table_without_a_key_is_archived_in_the_order_of_time(
    odd: Connection[Any], url: str
) -> None:
    odd.execute("alter table market.oddities drop constraint oddities_pkey")
    odd.execute("insert into market.oddities_p20260101 (at, id) values ('2026-01-05', 1)")
    before = texts(odd, PARTITION)
    archived = archive(odd, PARENT, PARTITION, url)
    assert (archived.contents().key, archived.contents().key_is_unique) == (["at"], False)
    odd.execute("alter table market.oddities detach partition market.oddities_p20260101")
    odd.execute("alter table market.oddities_p20260101 rename to oddities_before")
    restore(odd, archived.archive_id)
    assert texts(odd, PARTITION) == before
