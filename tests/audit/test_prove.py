"""A proof says of an event, a trade or two heads what the offline check then finds true, and nothing else."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from psycopg import Connection, connect

from tests.audit.sealing import KEY as SIGNER
from tests.audit.sealing import OTHER, book, history, seal_all, tamper, trusting
from warehouse.audit.errors import NotProvable, NotSealed
from warehouse.audit.offline import Wrong, check_consistency, check_inclusion
from warehouse.audit.prove import prove_event, prove_growth, prove_row
from warehouse.audit.seal import Limits
from warehouse.audit.seals import read_newest
from warehouse.db.scratch import scratch_database
from warehouse.db.target import Target

TRADES = "trading.trades"
KEY = ("1", "2026-01-05T14:30:02Z", "202")


@pytest.fixture
def sealed(conn: Connection[Any]) -> dict[str, int]:
    events = history(conn)
    seal_all(conn, limits=Limits(events=3))
    return events


@pytest.fixture(scope="module")
def proof(server: Target, template: str) -> Iterator[dict[str, Any]]:
    """Of one trade, in the last but one of a few seals."""
    with (
        scratch_database(server, template) as target,
        connect(**target.keywords(options="-c timezone=UTC"), autocommit=True) as conn,
    ):
        history(conn)
        seal_all(conn, limits=Limits(events=3))
        yield prove_row(conn, TRADES, KEY)


def flipped(page: dict[str, Any], *path: str) -> dict[str, Any]:
    """The page with the last digit of one hash changed."""
    changed = deepcopy(page)
    *inner, last = path
    place = changed
    for each in inner:
        place = place[each]
    value = place[last]
    if isinstance(value, list):
        value[-1] = _other(value[-1])
    else:
        place[last] = value + 1 if isinstance(value, int) else _other(value)
    return changed


def _other(digits: str) -> str:
    return digits[:-1] + ("0" if digits[-1] != "0" else "1")


def test_an_event_is_proved_in_the_log_of_the_newest_head(
    conn: Connection[Any], sealed: dict[str, int]
) -> None:
    newest = read_newest(conn)
    assert newest
    for event_id in sealed.values():
        page = json.loads(json.dumps(prove_event(conn, event_id)))
        said, holds = check_inclusion(page, trusting(SIGNER))
        assert json.loads(said.removeprefix("event: "))["event_id"] == event_id
        assert f"in the log of head {newest.head.seal_id}" in holds


def test_a_trade_among_others_of_a_load_is_proved(
    conn: Connection[Any], sealed: dict[str, int]
) -> None:
    page = prove_row(conn, TRADES, KEY)
    row, event, _ = check_inclusion(page, trusting(SIGNER))
    trade = json.loads(row.removeprefix("row of trading.trades: "))
    assert (trade["trade_id"], trade["price"]) == (202, "102.50")
    assert trade["executed_at"] == "2026-01-05T14:30:02+00:00"
    assert json.loads(event.removeprefix("event: "))["row_count"] == 5
    assert len(page["row"]["path"]) <= 3


def test_a_proof_of_a_large_load_is_short(conn: Connection[Any]) -> None:
    book(conn, 1, 5000)
    seal_all(conn)
    page = prove_row(conn, TRADES, ("1", "2026-01-05T14:30:10Z", "11"))
    assert len(page["row"]["path"]) <= 13
    assert len(list(check_inclusion(page, trusting(SIGNER)))) == 3


@pytest.mark.parametrize(
    "path",
    [
        ("row", "record"),
        ("row", "path"),
        ("row", "index"),
        ("row", "table"),
        ("shapes",),
        ("event", "record"),
        ("event", "evidence"),
        ("event", "path"),
        ("event", "size"),
        ("event", "parts", "rows"),
        ("event", "parts", "images_root"),
        ("batch", "merkle_root"),
        ("batch", "seal_id"),
        ("batch", "first_occurred_at"),
        ("log", "path"),
        ("log", "size"),
        ("head", "log_root"),
        ("head", "tree_size"),
        ("head", "signature"),
        ("head", "key_id"),
    ],
    ids="/".join,
)
def test_a_proof_that_was_changed_anywhere_does_not_hold(
    proof: dict[str, Any], path: tuple[str, ...]
) -> None:
    with pytest.raises(Wrong):
        list(check_inclusion(flipped(proof, *path), trusting(SIGNER)))


def test_one_head_grew_from_another(conn: Connection[Any], sealed: dict[str, int]) -> None:
    newest = read_newest(conn)
    assert newest
    last = newest.head.seal_id
    for old in range(1, last + 1):
        page = json.loads(json.dumps(prove_growth(conn, old, last)))
        (holds,) = check_consistency(page, trusting(SIGNER))
        assert f"the log of head {old}" in holds
    page = prove_growth(conn, 2, last)
    for path in (("path",), ("old", "log_root"), ("new", "log_root"), ("new", "seal_id")):
        with pytest.raises(Wrong):
            list(check_consistency(flipped(page, *path), trusting(SIGNER)))
    backwards = page | {"old": page["new"], "new": page["old"]}
    with pytest.raises(Wrong):
        list(check_consistency(backwards, trusting(SIGNER)))


def test_a_signature_of_a_key_that_is_not_trusted_proves_nothing(
    conn: Connection[Any], sealed: dict[str, int]
) -> None:
    page = prove_event(conn, sealed["one"])
    with pytest.raises(Wrong, match="which is not trusted"):
        list(check_inclusion(page, trusting(OTHER)))


def test_what_cannot_be_proved_is_said(conn: Connection[Any], sealed: dict[str, int]) -> None:
    late = book(conn, 400)
    with pytest.raises(NotSealed, match=f"Event {late} is in no seal"):
        prove_event(conn, late)
    with pytest.raises(NotSealed):
        prove_row(conn, TRADES, ("1", "2026-01-05T14:30:00Z", "400"))
    with pytest.raises(NotProvable, match="has no row 1/2026-01-05T14:30:00Z/999"):
        prove_row(conn, TRADES, ("1", "2026-01-05T14:30:00Z", "999"))
    with pytest.raises(NotSealed, match="There is no seal 99"):
        prove_growth(conn, 1, 99)
    tamper(
        conn,
        "update trading.trades set price = 1 where trade_id = 203",
        f"update audit.events set actor = 'x' where event_id = {sealed['one']}",
        f"delete from audit.events where event_id = {sealed['last']}",
    )
    with pytest.raises(NotProvable):  # its neighbour was changed
        prove_row(conn, TRADES, KEY)
    with pytest.raises(NotProvable, match=f"Event {sealed['one']} is not what was sealed"):
        prove_event(conn, sealed["one"])
    with pytest.raises(NotProvable, match="not in the database"):
        prove_event(conn, sealed["last"])
