"""Whatever a superuser changes, after taking every guard away, is found and located."""

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg import Connection, connect

from tests.audit.sealing import (
    KEY,
    OTHER,
    book,
    check,
    history,
    seal_all,
    tamper,
    told,
    trusting,
)
from warehouse.audit.findings import Finding, Report, What
from warehouse.audit.heads import Head
from warehouse.audit.seal import Limits
from warehouse.audit.seals import read_heads, read_seals
from warehouse.db.scratch import scratch_database
from warehouse.db.target import Target

SMALL = Limits(events=3)
ONE = "trade_id = 100"
KEYS = {number: f"1/2026-01-05 14:30:0{number % 100}+00/{number}" for number in (100, 202, 203)}


class Sealed:
    """A history that is sealed in a few batches."""

    def __init__(self, conn: Connection[Any]) -> None:
        self.conn = conn
        self.events = history(conn)
        seal_all(conn, limits=SMALL)

    def found(self, **options: Any) -> Report:
        """On the same connection, and so before what was changed is committed."""
        return check(lambda: nullcontext(self.conn), **options)

    def only(self, what: What, event: str) -> Finding:
        """The one thing that is found, at the event that it is about."""
        (finding,) = self.found().findings
        assert (finding.what, finding.event_id) == (what, self.events[event])
        return finding


@pytest.fixture(scope="module")
def once(server: Target, template: str) -> Iterator[Sealed]:
    with (
        scratch_database(server, template) as target,
        connect(**target.keywords(options="-c timezone=UTC"), autocommit=True) as conn,
    ):
        yield Sealed(conn)


@pytest.fixture
def sealed(once: Sealed) -> Iterator[Sealed]:
    """As it was sealed: what the test before changed is undone."""
    with once.conn.transaction(force_rollback=True):
        yield once


@pytest.fixture
def anew(conn: Connection[Any]) -> Sealed:
    """For what must be committed to be seen by a sealer."""
    return Sealed(conn)


def test_what_nobody_touched_is_as_sealed(sealed: Sealed) -> None:
    report = sealed.found()
    assert told(report.findings) == ""
    there = sealed.conn.execute("select count(*) from audit.events").fetchone()
    assert there == (report.events,)
    assert (report.rows, report.unsealed, report.archived_events) == (9, 0, 0)
    assert report.seals == report.newest > 2


# -- rows ------------------------------------------------------------------------------------------


def test_an_updated_price(sealed: Sealed) -> None:
    tamper(sealed.conn, f"update trading.trades set price = 1 where {ONE}")
    finding = sealed.only(What.ROWS, "one")
    assert finding.table == "trading.trades"
    assert finding.keys == (KEYS[100],)


def test_an_updated_price_among_many_rows_and_back_to_another_scale(sealed: Sealed) -> None:
    tamper(sealed.conn, "update trading.trades set price = 102.500 where trade_id = 202")
    assert sealed.only(What.ROWS, "five").keys == (KEYS[202],)


def test_a_deleted_row(sealed: Sealed) -> None:
    tamper(sealed.conn, "delete from trading.trades where trade_id = 203")
    finding = sealed.only(What.ROWS, "five")
    assert "it says 5 rows, 4 rows" in finding.told


def test_an_added_row(sealed: Sealed) -> None:
    five = sealed.events["five"]
    tamper(
        sealed.conn,
        "insert into trading.trades (account_id, executed_at, trade_id, instrument_id, side, quantity,"
        f" price, source_id, event_id) values (1, '2026-01-05 14:30:02', 999, 1, 'buy', 1, 1, 1, {five})",
    )
    finding = sealed.only(What.ROWS, "five")
    assert finding.keys == ("1/2026-01-05 14:30:02+00/999",)


def test_swapped_rows(sealed: Sealed) -> None:
    """Two rows trade their prices: every sum stays as it was."""
    tamper(
        sealed.conn,
        "update trading.trades set price = case trade_id when 202 then 103.50 else 102.50 end"
        " where trade_id in (202, 203)",
    )
    assert sealed.only(What.ROWS, "five").keys == (KEYS[202], KEYS[203])


def test_rows_that_trade_their_events(sealed: Sealed) -> None:
    one, last = sealed.events["one"], sealed.events["last"]
    tamper(
        sealed.conn,
        f"update trading.trades set event_id = {one} + {last} - event_id"
        " where trade_id in (100, 300)",
    )
    found = sealed.found().findings
    assert [(each.what, each.event_id) for each in found] == [(What.ROWS, one), (What.ROWS, last)]


def test_a_row_that_was_replaced_before_it_was_sealed_and_changed_in_its_image(
    sealed: Sealed,
) -> None:
    tamper(
        sealed.conn,
        "update audit.images set before = before || '{\"close\": 9}' where after is null",
    )
    found = {each.event_id: each for each in sealed.found().findings}
    assert found.keys() == {sealed.events["bar"], sealed.events["restated"]}
    assert {each.what for each in found.values()} == {What.ROWS}
    assert found[sealed.events["restated"]].keys


def test_an_image_of_a_table_whose_rows_name_no_event(sealed: Sealed) -> None:
    tamper(
        sealed.conn,
        'update audit.images set before = before || \'{"display_name": "X"}\''
        " where table_name = 'accounts' and before is not null",
    )
    assert sealed.only(What.ROWS, "renamed").keys == ("1",)


def test_a_deleted_image(sealed: Sealed) -> None:
    tamper(sealed.conn, "delete from audit.images where table_name = 'bars'")
    found = sealed.found().findings
    assert {each.event_id for each in found} == {sealed.events["bar"], sealed.events["restated"]}


# -- events ----------------------------------------------------------------------------------------


def test_a_changed_event(sealed: Sealed) -> None:
    tamper(
        sealed.conn,
        f"update audit.events set actor = 'somebody else' where event_id = {sealed.events['one']}",
    )
    assert sealed.only(What.EVENT, "one").table == "trading.trades"


def test_a_deleted_newest_event(sealed: Sealed) -> None:
    tamper(
        sealed.conn,
        f"delete from audit.events where event_id = {sealed.events['last']}",
        "delete from trading.trades where trade_id = 300",
    )
    finding = sealed.only(What.MISSING, "last")
    assert finding.seal_id is not None


def test_an_event_that_was_put_in_behind_the_sealer(sealed: Sealed) -> None:
    tamper(
        sealed.conn,
        "insert into audit.events (event_id, occurred_at, xid, actor, login_role, table_schema,"
        " table_name, operation, row_count, account_ids, instrument_ids)"
        " select 999999, occurred_at, xid, 'ghost', login_role, table_schema, table_name, operation,"
        f" row_count, account_ids, instrument_ids from audit.events where event_id = {sealed.events['one']}",
    )
    sealed.events["ghost"] = 999_999
    sealed.only(What.UNSEALED, "ghost")


def test_an_event_that_the_sealer_was_made_to_skip(anew: Sealed) -> None:
    anew.events["skipped"] = book(anew.conn, 400)
    tamper(
        anew.conn,
        "update ops.cursors set snapshot = pg_current_snapshot() where consumer = 'seal'",
    )
    assert seal_all(anew.conn) == []
    anew.only(What.UNSEALED, "skipped")


def test_a_price_that_was_updated_before_it_was_sealed(anew: Sealed) -> None:
    """The digest that the trigger wrote stands against the row, when it is sealed and ever after."""
    anew.events["hasty"] = book(anew.conn, 400, 3)
    tamper(anew.conn, "update trading.trades set price = 1 where trade_id = 401")
    (done,) = seal_all(anew.conn)
    (doubt,) = done.doubts
    assert "its digest differs" in doubt
    assert anew.only(What.DOUBT, "hasty").told == doubt


def test_a_row_that_was_deleted_before_it_was_sealed(anew: Sealed) -> None:
    anew.events["hasty"] = book(anew.conn, 400, 3)
    tamper(anew.conn, "delete from trading.trades where trade_id = 401")
    (done,) = seal_all(anew.conn)
    assert "wrote 3 rows of trading.trades, and 2 are there" in done.doubts[0]
    anew.only(What.DOUBT, "hasty")


# -- seals -----------------------------------------------------------------------------------------


def test_a_seal_that_forgets_an_event(sealed: Sealed) -> None:
    tamper(
        sealed.conn,
        "update audit.seals set event_ids = event_ids[2:], leaf_count = leaf_count - 1,"
        " leaf_hashes = substr(leaf_hashes, 33), evidence_hashes = substr(evidence_hashes, 33)"
        " where seal_id = 2",
    )
    found = sealed.found().findings
    assert {each.what for each in found} == {What.HEAD, What.UNSEALED}
    assert {each.seal_id for each in found if each.what is What.HEAD} == {2}


def test_a_leaf_that_was_fitted_to_a_changed_event(sealed: Sealed) -> None:
    tamper(
        sealed.conn,
        "update audit.seals set leaf_hashes = overlay(leaf_hashes placing sha256('x') from 1)"
        " where seal_id = 2",
    )
    found = sealed.found().findings
    assert "seal 2 holds leaves that do not make its root" in told(found)


def test_a_deleted_seal(sealed: Sealed) -> None:
    tamper(sealed.conn, "delete from audit.seals where seal_id = 2")
    assert "seal 3 comes after seal 1: those in between are gone" in told(sealed.found().findings)


def test_the_first_seals_are_deleted(sealed: Sealed) -> None:
    tamper(sealed.conn, "delete from audit.seals where seal_id < 3")
    assert "seal 3 comes after seal 0" in told(sealed.found().findings)


@pytest.mark.parametrize("pretended", [False, True])
def test_a_head_that_was_written_anew_and_signed_with_another_key(
    sealed: Sealed, pretended: bool
) -> None:
    """Whoever rewrites the newest seal needs the key; calling another by its name does not help."""
    newest = list(read_heads(sealed.conn, 0))[-1]
    forged = Head(
        **{
            **vars(newest),
            "sealed_at": newest.sealed_at + 1,
            "key_id": newest.key_id if pretended else next(iter(trusting(OTHER))),
        }
    ).sign(OTHER)
    tamper(
        sealed.conn,
        f"update audit.seals set head_hash = '\\x{forged.hash.hex()}',"
        f" signature = '\\x{forged.signature.hex()}', key_id = '{forged.key_id}',"
        f" sealed_at = sealed_at + interval '1 microsecond' where seal_id = {newest.seal_id}",
    )
    (finding,) = sealed.found().findings
    assert (finding.what, finding.seal_id) == (What.HEAD, newest.seal_id)
    assert ("did not make" if pretended else "which is not trusted") in finding.told


def test_the_newest_seals_are_deleted_with_all_that_was_in_them(sealed: Sealed) -> None:
    """Inside the database nothing is left to tell; the heads that were published do."""
    published = {head.seal_id: head for head in read_heads(sealed.conn, 0)}
    newest = max(published)
    (seal,) = read_seals(sealed.conn, newest, newest)
    ids = ", ".join(map(str, seal.event_ids))
    tamper(
        sealed.conn,
        f"delete from audit.events where event_id in ({ids})",
        f"delete from trading.trades where event_id in ({ids})",
        f"delete from audit.seals where seal_id = {newest}",
        "update ops.cursors set snapshot = (select snapshot from audit.seals order by seal_id desc limit 1)",
    )
    sealed.conn.execute(f"delete from audit.images where event_id in ({ids})")
    assert What.GONE not in {each.what for each in sealed.found().findings}
    (gone,) = [
        each for each in sealed.found(published=published).findings if each.what is What.GONE
    ]
    assert f"seal {newest} was published" in gone.told


def test_a_seal_that_was_replaced_by_one_of_our_own_key(sealed: Sealed) -> None:
    published = {head.seal_id: head for head in read_heads(sealed.conn, 0)}
    newest = published[max(published)]
    forged = Head(**{**vars(newest), "sealed_at": newest.sealed_at + 1}).sign(KEY)
    tamper(
        sealed.conn,
        f"update audit.seals set head_hash = '\\x{forged.hash.hex()}',"
        f" signature = '\\x{forged.signature.hex()}', sealed_at = sealed_at + interval '1 microsecond'"
        f" where seal_id = {newest.seal_id}",
    )
    assert sealed.found().findings == []
    (gone,) = sealed.found(published=published).findings
    assert "was published with another head than it has" in gone.told


def test_a_column_that_was_renamed(sealed: Sealed) -> None:
    tamper(sealed.conn)
    sealed.conn.execute("alter table trading.trades rename column price to prize")
    found = sealed.found().findings
    assert {(each.what, each.table) for each in found} == {(What.SHAPE, "trading.trades")}


def test_columns_that_were_written_anew_in_the_seals(sealed: Sealed) -> None:
    sealed.conn.execute(
        "alter table audit.shapes drop constraint shapes_shapes_sha256_of_text_check"
    )
    tamper(sealed.conn, "update audit.shapes set shapes = replace(shapes, 'price', 'prize')")
    assert {each.what for each in sealed.found().findings} >= {What.SHAPE}


def test_what_is_older_than_asked_for_is_not_looked_at(sealed: Sealed) -> None:
    tamper(sealed.conn, f"update trading.trades set price = 1 where {ONE}")
    assert sealed.found(since=datetime(2020, 1, 1, tzinfo=UTC)).findings
    late = sealed.found(since=datetime(2100, 1, 1, tzinfo=UTC))
    assert (late.seals, late.findings) == (0, [])
