"""What is joined by key alone recomputes the keys that stand beside it, for all of time, and no others."""

from pathlib import Path
from typing import Any

import pytest

from tests.refresh.conftest import Desk, at

CHOICES = (Path(__file__).parent / "choices.sql").read_text()
SCOPES = """
    select s.scope_from = '-infinity' and s.scope_to = 'infinity', s.scope_keys
    from ops.rollups r, ops.pending_scopes(r, pg_current_snapshot()) s where r.relation = 'rolled.owners'
"""


@pytest.fixture
def owned(desk: Desk) -> Desk:
    """Accounts 1 and 2 have traded the first instrument, account 3 the second."""
    desk.conn.execute(CHOICES)
    for account, instrument in ((1, 1), (2, 1), (3, 2)):
        desk.trade(account, at("01-05"), 5, instrument=instrument)
    desk.refresh()
    return desk


def pending(desk: Desk) -> list[tuple[Any, ...]]:
    return desk.rows(SCOPES)


def test_a_changed_row_concerns_who_stands_beside_it(owned: Desk) -> None:
    owned.conn.execute("update reference.instruments set symbol = 'X' where instrument_id = 1")
    assert pending(owned) == [(True, [1, 2])]
    owned.refresh()
    assert owned.rows("select account_id, symbol from rolled.owners order by 1") == [
        (1, "X"),
        (2, "X"),
        (3, "S2"),
    ]
    assert owned.differences() == {}


def test_rows_that_changed_at_once_are_asked_for_at_once(owned: Desk) -> None:
    for number in (1, 2, 3):
        owned.conn.execute(
            "update reference.instruments set symbol = symbol || 'X' where instrument_id = %s",
            [number],
        )
    assert pending(owned) == [(True, [1, 2, 3])]


def test_what_nobody_has_concerns_nobody(owned: Desk) -> None:
    owned.conn.execute("update reference.instruments set symbol = 'X' where instrument_id = 3")
    assert pending(owned) == []
    assert owned.differences() == {}


def test_a_change_of_too_many_rows_concerns_all(owned: Desk) -> None:
    owned.conn.execute(
        "select audit.record_event('reference', 'instruments', 'update', 101, null, null, '{}', null)"
    )
    assert pending(owned) == [(True, None)]


def test_what_is_chosen_once_is_chosen_for_all_of_time(owned: Desk) -> None:
    owned.trade(1, at("03-05"), 1, instrument=1)
    owned.refresh("flows", "newest")
    assert (True, [1, 2]) in pending(owned)
    owned.refresh()
    assert owned.rows(
        "select account_id, day::text, newest_at from rolled.owners where instrument_id = 1 order by 1, 2"
    ) == [
        (1, "2026-01-05", at("03-05")),
        (1, "2026-03-05", at("03-05")),
        (2, "2026-01-05", at("03-05")),
    ]
    assert owned.differences() == {}
