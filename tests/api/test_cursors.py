"""A cursor goes back to where its own query stood, and anything else is refused."""

from base64 import urlsafe_b64encode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cursors import decode, encode
from api.errors import BAD_CURSOR, Problem

QUERY = {"report": "instruments", "q": "a", "active": None}
POSTGRES_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(POSTGRES_TEXT, st.integers(-(2**63), 2**63 - 1))
def test_a_position_comes_back_as_it_went(symbol: str, key: int) -> None:
    assert decode(encode(QUERY, symbol, key), QUERY, str, int) == [symbol, key]


def test_a_cursor_of_another_query_is_refused() -> None:
    cursor = encode(QUERY, "AAPL", 1)
    with pytest.raises(Problem, match="another query"):
        decode(cursor, QUERY | {"q": "b"}, str, int)


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
        ("AAPL", 1.0),
        ("AAPL", 2**63),
        ("AA\0", 1),
        (1, 1),
        ("AAPL",),
        ("AAPL", 1, 1),
    ],
)
def test_a_position_that_the_database_could_not_hold_is_refused(position: tuple[object]) -> None:
    refused(encode(QUERY, *position))


def refused(cursor: str) -> None:
    with pytest.raises(Problem) as caught:
        decode(cursor, QUERY, str, int)
    assert caught.value.kind is BAD_CURSOR
    assert caught.value.field == "cursor"
