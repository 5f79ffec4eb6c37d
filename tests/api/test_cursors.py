"""A cursor goes back to where its own query stood, and anything else is refused."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cursors import decode, encode
from api.errors import BAD_CURSOR, Problem
from api.rows import Kind

QUERY = ("instruments", "a", None)
KINDS = (Kind.TEXT, Kind.KEY)
POSTGRES_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(POSTGRES_TEXT, st.integers(-(2**63), 2**63 - 1))
def test_a_position_comes_back_as_it_went(symbol: str, key: int) -> None:
    assert decode(encode(QUERY, [symbol, str(key)]), QUERY, KINDS) == (symbol, key)


def test_a_position_is_read_as_its_columns_are() -> None:
    kinds = (Kind.INSTANT, Kind.DECIMAL, Kind.DAY)
    cursor = encode(QUERY, ["2026-01-05 14:30:00.000001+00", "1.50", "2026-01-05"])
    moment, amount, day = decode(cursor, QUERY, kinds)
    assert (moment, amount) == (datetime(2026, 1, 5, 14, 30, 0, 1, UTC), Decimal("1.50"))
    assert day.isoformat() == "2026-01-05"


def test_a_cursor_of_another_query_is_refused() -> None:
    cursor = encode(QUERY, ["AAPL", "1"])
    with pytest.raises(Problem, match="another query"):
        decode(cursor, ("instruments", "b", None), KINDS)


@given(st.text())
def test_text_that_is_no_cursor_is_refused(text: str) -> None:
    refused(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text("ab"), st.lists
    )
)
def test_content_that_is_no_position_is_refused(content: object) -> None:
    refused(urlsafe_b64encode(orjson.dumps(content)).rstrip(b"=").decode())


@pytest.mark.parametrize(
    "position",
    [
        ("AAPL", True),
        ("AAPL", "1.0"),
        ("AAPL", str(2**63)),
        ("AA\0", "1"),
        (1, "1"),
        ("AAPL",),
        ("AAPL", "1", "1"),
        ("AAPL", "x"),
    ],
)
def test_a_position_that_the_database_could_not_hold_is_refused(position: tuple[str]) -> None:
    refused(encode(QUERY, position))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.INSTANT, "2026-01-05"),
        (Kind.INSTANT, "infinity"),
        (Kind.DECIMAL, "NaN"),
        (Kind.DECIMAL, "1e999999"),
        (Kind.DAY, "2026-02-30"),
    ],
)
def test_a_value_that_is_none_of_its_columns_is_refused(kind: Kind, value: str) -> None:
    with pytest.raises(Problem, match="damaged"):
        decode(encode(QUERY, [value]), QUERY, (kind,))


def refused(cursor: str) -> None:
    with pytest.raises(Problem) as caught:
        decode(cursor, QUERY, KINDS)
    assert caught.value.kind is BAD_CURSOR
    assert caught.value.field == "cursor"
