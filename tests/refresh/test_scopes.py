"""Pending events become the fewest stretches of time and keys that cover what they name."""

from datetime import datetime
from typing import Any

from tests.refresh.conftest import Desk, at

Scopes = list[tuple[str, str, list[int] | None]]


def scopes(desk: Desk, name: str = "rolled.flows", most: int = 16) -> Scopes:
    rows = desk.rows(
        "select to_char(s.scope_from, 'MM-DD'), to_char(s.scope_to, 'MM-DD'), s.scope_keys"
        " from ops.rollups r, ops.pending_scopes(r, pg_current_snapshot(), %s) s where r.relation = %s",
        most,
        name,
    )
    return [(start, end, keys) for start, end, keys in rows]


def wrote(
    desk: Desk,
    start: datetime | None,
    end: datetime | None,
    accounts: list[int] | None,
    **more: Any,
) -> None:
    desk.conn.execute(
        "select audit.record_event('trading', 'trades', %s, 1, %s, %s, %s)",
        [more.get("operation", "insert"), start, end, accounts],
    )


def test_touching_stretches_of_a_key_become_one(desk: Desk) -> None:
    wrote(desk, at("01-05"), at("01-05", "11:00"), [1])
    wrote(desk, at("01-06"), at("01-07", "00:00"), [1])
    wrote(desk, at("01-09"), at("01-09", "10:01"), [1])
    assert scopes(desk) == [("01-05", "01-07", [1]), ("01-09", "01-10", [1])]


def test_keys_with_the_same_stretch_share_a_scope(desk: Desk) -> None:
    for account in (3, 1, 2):
        wrote(desk, at("01-05"), at("01-05", "11:00"), [account])
    assert scopes(desk) == [("01-05", "01-06", [1, 2, 3])]


def test_what_is_due_for_all_keys_is_not_computed_for_one_again(desk: Desk) -> None:
    wrote(desk, at("01-05"), at("01-10"), None)
    wrote(desk, at("01-04"), at("01-06"), [1])
    wrote(desk, at("01-07"), at("01-08"), [2])
    assert scopes(desk) == [("01-04", "01-05", [1]), ("01-05", "01-11", None)]


def test_an_event_without_keys_or_times_reaches_all(desk: Desk) -> None:
    wrote(desk, at("01-05"), at("01-06"), [])
    assert scopes(desk) == [("01-05", "01-07", None)]
    wrote(desk, None, None, [1])
    assert scopes(desk, "rolled.newest")[0][2] is None


def test_forward_scopes_have_no_end(desk: Desk) -> None:
    desk.trade(1, at("02-01"))
    desk.trade(2, at("01-05"))
    desk.refresh("flows")
    rows = desk.rows(
        "select s.scope_from, s.scope_to = 'infinity', s.scope_keys from ops.rollups r,"
        " ops.pending_scopes(r, pg_current_snapshot()) s where r.relation = 'rolled.holdings'"
    )
    assert rows == [(at("01-05", "00:00"), True, [1, 2])]


def test_too_many_are_joined_where_the_gaps_are_smallest(desk: Desk) -> None:
    for day in ("01-01", "01-03", "01-05", "03-01", "03-03", "09-01"):
        wrote(desk, at(day), at(day, "11:00"), [int(day[:2])])
    assert scopes(desk, most=3) == [
        ("01-01", "01-06", [1]),
        ("03-01", "03-04", [3]),
        ("09-01", "09-02", [9]),
    ]


def test_what_moves_storage_alone_is_not_pending(desk: Desk) -> None:
    for operation in ("attach", "detach", "archive", "restore", "drop", "rebase"):
        wrote(desk, at("01-05"), at("01-06"), [1], operation=operation)
    assert scopes(desk) == []


BUCKETS = (
    ("1 day", "01-05 10:00", "01-05 00:00", "01-06 00:00"),
    ("1 day", "01-05 00:00", "01-05 00:00", "01-05 00:00"),
    ("15 minutes", "01-05 10:07", "01-05 10:00", "01-05 10:15"),
    ("1 week", "01-07 10:00", "01-05 00:00", "01-12 00:00"),
    ("1 month", "02-28 23:59", "02-01 00:00", "03-01 00:00"),
    ("3 months", "05-01 00:01", "04-01 00:00", "07-01 00:00"),
    ("1 year", "05-01 00:01", "01-01 00:00", "01-01 00:00"),
    ("exchange_day", "01-05 10:00", "01-04 00:00", "01-07 00:00"),
    (None, "01-05 10:00", "01-05 10:00", "01-05 10:00"),
)


def test_buckets_begin_in_utc_whatever_the_sessions_zone(desk: Desk) -> None:
    desk.conn.execute("set timezone = 'Pacific/Kiritimati'")
    shown = "to_char(ops.bucket_{}(%s, %s) at time zone 'UTC', 'MM-DD HH24:MI')"
    ask = f"select {shown.format('start')}, {shown.format('end')}"
    for bucket, moment, start, end in BUCKETS:
        given = (bucket, f"2026-{moment}+00")
        assert desk.rows(ask, *given, *given) == [(start, end)], bucket
