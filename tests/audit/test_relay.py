"""Other systems are handed every event: in order, from where they were, and again if they did not take it."""

import json
from typing import Any

import pytest
from psycopg import Connection, connect

from tests.audit.test_events import BARS
from warehouse.audit.relay import relay
from warehouse.db.target import Target


def names(conn: Connection[Any], reader: str) -> list[str]:
    """What the reader is handed."""
    told: list[str] = []
    count = relay(conn, reader, told.extend)
    assert count == len(told)
    return [json.loads(line)["table"] for line in told]


def test_each_reader_is_handed_each_event_once_and_in_order(conn: Connection[Any]) -> None:
    assert "reference.accounts" in names(conn, "lake")
    assert names(conn, "lake") == []
    conn.execute(BARS)
    conn.execute("update reference.accounts set display_name = 'C' where account_id = 1")
    assert names(conn, "lake") == ["market.bars", "reference.accounts"]
    assert names(conn, "other")[-2:] == ["market.bars", "reference.accounts"]


def test_who_commits_late_is_handed_on_late_but_never_missed(
    conn: Connection[Any], database: Target
) -> None:
    names(conn, "lake")
    with connect(**database.keywords()) as slow:
        slow.execute(BARS)
        conn.execute("update reference.accounts set display_name = 'C' where account_id = 1")
        assert names(conn, "lake") == ["reference.accounts"]
    assert names(conn, "lake") == ["market.bars"]


def test_what_was_not_taken_comes_again(conn: Connection[Any]) -> None:
    names(conn, "lake")
    conn.execute(BARS)

    def gone(_: list[str]) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        relay(conn, "lake", gone)
    assert names(conn, "lake") == ["market.bars"]
