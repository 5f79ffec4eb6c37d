"""What is hashed has one form: no two things share it, and PostgreSQL's part of it reads back."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import Connection

from warehouse.audit import canonical, records
from warehouse.audit.heads import Batch, Head

fields = st.lists(st.none() | st.binary(max_size=9) | st.text(max_size=5), max_size=5)


def octets(field: bytes | str | None) -> bytes | None:
    return field.encode() if isinstance(field, str) else field


@given(fields, fields)
def test_two_lists_of_fields_are_framed_alike_only_when_they_are_alike(
    one: list[Any], other: list[Any]
) -> None:
    same = list(map(octets, one)) == list(map(octets, other))
    assert (canonical.framed("x", *one) == canonical.framed("x", *other)) is same


def test_what_is_framed_says_what_it_is() -> None:
    assert canonical.framed("event", 1) != canonical.framed("head", 1)
    assert canonical.framed("event", None) != canonical.framed("event", b"")
    assert canonical.framed("x", "a", 1, None).hex() == (
        "0000000d746170"
        "65686f75736520782031"  # "tapehouse x 1" behind its length
        "0000000161"
        "000000080000000000000001"
        "ffffffff"
    )


def test_every_field_of_a_batch_and_a_head_is_hashed() -> None:
    batch = {
        "seal_id": 1,
        "leaf_count": 2,
        "merkle_root": "aa",
        "ids_sha256": "bb",
        "first_occurred_at": 3,
        "last_occurred_at": 4,
        "shapes_sha256": "cc",
    }
    head = {
        "seal_id": 1,
        "tree_size": 2,
        "batch_hash": "aa",
        "log_root": "bb",
        "previous_head_hash": None,
        "sealed_at": 3,
        "key_id": "k",
        "signature": "",
    }
    for kind, page in ((Batch, batch), (Head, head)):
        read = kind.from_json(page)
        assert read.as_json() == page
        for name, value in page.items():
            changed = value + 1 if isinstance(value, int) else "dd"
            differs = kind.from_json(page | {name: changed}).hash != read.hash
            assert differs is (name != "signature"), name


VALUES = [
    ("null::bigint", None),
    ("true", True),
    ("-7::bigint", -7),
    ("7::integer", 7),
    ("'Ä'::text", "Ä"),
    ("'2026-01-02 03:04:05.000006+00'::timestamptz", "2026-01-02T03:04:05.000006+00:00"),
    ("'infinity'::timestamptz", "infinity"),
    ("'200000-01-01'::timestamptz", "6248276496000000000 µs from 2000"),
    ("'2026-01-02'::date", "2026-01-02"),
    ("'-infinity'::date", "-infinity"),
    ("'5000000-01-01'::date", "1825482015 days from 2000"),
    ("0.1::double precision", 0.1),
    ("0.5::real", 0.5),
    ("'{1,null,3}'::bigint[]", [1, None, 3]),
    ("'{}'::bigint[]", []),
    ("""'{"a": [1.50]}'::jsonb""", {"a": [1.5]}),
    ("""'{"a": 1}'::json""", {"a": 1}),
    ("'\\x00ff'::bytea", "00ff"),
    ("'NaN'::numeric", "NaN"),
    ("'-Infinity'::numeric", "-Infinity"),
    ("1.50::numeric", "1.50"),
]


def test_a_value_is_read_as_postgresql_sends_it(conn: Connection[Any]) -> None:
    sent = conn.execute(
        f"select record_send(row({', '.join(sql for sql, _ in VALUES)}))"
    ).fetchone()
    assert sent
    assert records.fields(sent[0]) == [read for _, read in VALUES]


def test_every_numeric_is_read_with_its_scale(conn: Connection[Any]) -> None:
    texts = [
        f"{sign}{whole}{point}"
        for sign in ("", "-")
        for whole in ("0", "1", "10", "9999", "10000", "123456789012345678901234567890")
        for point in ("", ".0", ".5", ".0001", ".00000001", ".123456789", ".1000")
    ]
    rows = conn.execute(
        "select t::numeric::text, record_send(row(t::numeric)) from unnest(%s::text[]) as t",
        [texts],
    )
    for text, sent in rows:
        assert records.fields(sent) == [text]


def test_a_row_reads_back_under_its_columns(conn: Connection[Any]) -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    row = conn.execute(
        "select record_send(row(%s::bigint, %s::timestamptz, %s::numeric, %s::date))",
        [1, at, Decimal("1.10"), date(2026, 1, 2)],
    ).fetchone()
    assert row
    assert records.read(row[0], ["id", "at", "price", "day"]) == {
        "id": 1,
        "at": "2026-01-02T00:00:00+00:00",
        "price": "1.10",
        "day": "2026-01-02",
    }
    with pytest.raises(ValueError, match="4 values for 1 columns"):
        records.read(row[0], ["id"])
    with pytest.raises(ValueError, match="behind the last value"):
        records.fields(row[0] + b"x")
