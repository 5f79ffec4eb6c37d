"""Any record as of any time, and who changed what, by every way that one asks."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import Connection, sql

from warehouse.audit import history
from warehouse.audit.history import (
    Asked,
    CursorRefused,
    Event,
    Position,
    UnknownTable,
    events,
)
from warehouse.audit.versions import (
    _LATER,
    _OLDER,
    Image,
    UnknownRecord,
    Version,
    Versions,
    as_of,
    images_statement,
    in_order,
    record,
    versions,
)
from warehouse.db.target import Target

BEGINNING = datetime(2024, 1, 1, tzinfo=UTC)
MONTHS = 6
GENERATED = 200_000  # one each 78.624 seconds


def do(conn: Connection[Any], statement: str, *parameters: Any, **context: str) -> datetime:
    """Run a write in a transaction of its own; when that began."""
    with conn.transaction():
        for name, value in context.items():
            conn.execute("select set_config(%s, %s, true)", [f"warehouse.{name}", value])
        conn.execute(statement.encode(), parameters or None)
        row = conn.execute("select now()").fetchone()
    assert row
    moment: datetime = row[0]
    return moment


POSITION = (
    "insert into trading.positions (account_id, instrument_id, quantity, average_price)"
    " values (1, 2, 5, 10)"
)
BAR = (
    "insert into market.bars (instrument_id, frequency, bar_at, source_id, open, high, low, close,"
    " volume) values (1, '1d', '2026-01-05', 1, 1, 9, 1, %s, 9)"
)
PRINCIPAL = (
    "insert into reference.principals (principal_id, principal_type, login, display_name)"
    " values (9, 'person', 'a', 'A')"
)
NINE = "where principal_id = 9"
TRADE = (
    "insert into trading.trades (account_id, executed_at, trade_id, kind, replaces_executed_at,"
    " replaces_trade_id, instrument_id, side, quantity, price, source_id)"
    " values (1, %s, %s, %s, %s, %s, 1, 'buy', 1, %s, 1)"
)


def told(found: Versions, column: str) -> list[Any]:
    return [each.state and each.state[column] for each in found.versions]


def at(conn: Connection[Any], table: str, key: str, moment: datetime) -> Version:
    return as_of(conn, record(conn, table, key), moment)


# -- versions of a record --------------------------------------------------------------------------


def test_a_mutable_record_is_told_from_its_first_write_to_its_last(conn: Connection[Any]) -> None:
    times = [
        do(conn, POSITION, actor="ann", request_id="r1"),
        do(conn, "update trading.positions set quantity = 6", actor="bob", reason="a fill"),
        do(conn, "update trading.positions set quantity = 7", actor="cat"),
    ]
    found = versions(conn, record(conn, "trading.positions", "1/2"))
    assert told(found, "quantity") == [7, 6, 5]
    assert [each.event.actor for each in found.versions if each.event] == ["cat", "bob", "ann"]
    assert found.versions[1].changes["quantity"] == (5, 6)
    assert found.versions[1].event
    assert found.versions[1].event.reason == "a fill"
    states = [at(conn, "trading.positions", "1/2", each).state for each in times]
    assert [each and each["quantity"] for each in states] == [5, 6, 7]
    before = at(conn, "trading.positions", "1/2", times[0] - timedelta(seconds=1))
    assert before == Version(None, None)


def test_a_restated_fact_keeps_every_state_it_had(conn: Connection[Any]) -> None:
    times = [do(conn, BAR, 2)]
    restate = BAR + (
        " on conflict (instrument_id, frequency, bar_at, source_id) do update"
        " set close = excluded.close"
    )
    times += [do(conn, restate, close) for close in (3, 4)]
    key = "1/1d/2026-01-05T00:00:00Z/1"
    found = versions(conn, record(conn, "market.bars", key))
    assert told(found, "close") == [4, 3, 2]
    assert [each.event and each.event.operation for each in found.versions] == [
        "update",
        "update",
        "insert",
    ]
    states = [at(conn, "market.bars", key, each).state for each in times]
    assert [each and each["close"] for each in states] == [2, 3, 4]


def test_what_was_deleted_and_written_again_was_gone_in_between(conn: Connection[Any]) -> None:
    do(conn, POSITION)
    gone = do(conn, "delete from trading.positions")
    again = do(conn, POSITION)
    found = versions(conn, record(conn, "trading.positions", "1/2"))
    assert told(found, "quantity") == [5, None, 5]
    assert at(conn, "trading.positions", "1/2", gone).state is None
    assert at(conn, "trading.positions", "1/2", again).state is not None


def test_a_record_that_names_no_event_is_told_from_its_images(conn: Connection[Any]) -> None:
    made = do(conn, PRINCIPAL, actor="ann")
    changed = do(conn, f"update reference.principals set login = 'b' {NINE}", actor="bob")
    gone = do(conn, f"delete from reference.principals {NINE}", actor="cat")
    found = versions(conn, record(conn, "reference.principals", "9"))
    assert told(found, "login") == [None, "b", "a"]
    assert [each.event.actor for each in found.versions if each.event] == ["cat", "bob", "ann"]
    for moment, login in ((made, "a"), (changed, "b")):
        state = at(conn, "reference.principals", "9", moment).state
        assert state
        assert state["login"] == login
    assert at(conn, "reference.principals", "9", gone).state is None


def test_reference_data_was_there_before_its_first_change(conn: Connection[Any]) -> None:
    do(conn, "update reference.instruments set symbol = 'Z' where instrument_id = 1", actor="ann")
    found = versions(conn, record(conn, "reference.instruments", "1"))
    assert told(found, "symbol") == ["Z", "X"]
    assert [each.event and each.event.actor for each in found.versions] == ["ann", None]
    only = versions(conn, record(conn, "reference.instruments", "2"))
    assert told(only, "symbol") == ["Y"]


def test_a_trade_is_told_with_its_corrections(conn: Connection[Any]) -> None:
    day, later = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC)
    times = [
        do(conn, TRADE, day, 1, "new", None, None, 10),
        do(conn, TRADE, later, 2, "correction", day, 1, 11),
        do(conn, TRADE, later, 3, "bust", later, 2, 11),
    ]
    key = f"1/{day.isoformat()}/1"
    found = versions(conn, record(conn, "trading.trades", key))
    assert told(found, "kind") == ["bust", "correction", "new"]
    assert found.versions[1].changes["price"] == (10, 11)
    states = [at(conn, "trading.trades", key, each).state for each in times]
    assert [each and each["kind"] for each in states] == ["new", "correction", "bust"]


def test_a_secret_is_shown_to_nobody(conn: Connection[Any]) -> None:
    do(
        conn,
        "insert into ops.api_keys (api_key_id, principal_id, name, prefix, secret_hash, scopes)"
        " values (1, 1, 'k', 'abcdefgh', sha256('x'), '{read}')",
    )
    found = versions(conn, record(conn, "ops.api_keys", "1"))
    assert all("secret_hash" not in (each.state or {}) for each in found.versions)


def test_a_long_life_comes_in_pages(conn: Connection[Any]) -> None:
    do(conn, POSITION)
    for quantity in range(6, 20):
        do(conn, f"update trading.positions set quantity = {quantity}")
    of = record(conn, "trading.positions", "1/2")
    pages: list[Versions] = [versions(conn, of, limit=4)]
    while cursor := pages[-1].next:
        pages.append(versions(conn, of, limit=4, after=Position.parse(str(cursor))))
    found = [version for page in pages for version in page.versions]
    assert [each.state and each.state["quantity"] for each in found] == list(range(19, 4, -1))
    assert all(new.before == old.state for new, old in pairwise(found))


@pytest.mark.parametrize(
    ("table", "key", "why"),
    [
        ("trading.nothing", "1", "no audited table"),
        ("trading.positions", "1", "no key of trading.positions: it is account_id/instrument_id"),
        ("trading.positions", "1/1", "has no row 1/1"),
    ],
)
def test_what_never_was_is_no_empty_answer(
    conn: Connection[Any], table: str, key: str, why: str
) -> None:
    with pytest.raises((UnknownRecord, UnknownTable), match=why):
        versions(conn, record(conn, table, key))
    with pytest.raises((UnknownRecord, UnknownTable), match=why):
        at(conn, table, key, BEGINNING)


# -- transactions that overlap ---------------------------------------------------------------------


def image(number: int, before: Any, after: Any) -> Image:
    return Image(number, BEGINNING, number, before, after, gone=False)


@given(st.permutations(range(6)))
def test_changes_are_put_as_they_came_upon_each_other(order: list[int]) -> None:
    chain = [image(number, {"v": number}, {"v": number + 1}) for number in range(6)]
    assert in_order([chain[place] for place in order]) == chain
    facts = [image(number, {"event_id": number - 1}, None) for number in range(6)]
    assert in_order([facts[place] for place in order]) == facts


def test_a_state_that_comes_back_keeps_the_order_given() -> None:
    there = image(1, {"v": "a"}, {"v": "b"})
    back = image(2, {"v": "b"}, {"v": "a"})
    assert in_order([there, back]) == [there, back]


# -- events ----------------------------------------------------------------------------------------

GENERATE = """
insert into audit.events (
    event_id, occurred_at, actor, application, request_id, table_schema, table_name, operation,
    row_count, time_from, time_to, account_ids, instrument_ids
)
select
    n,
    '2024-01-01'::timestamptz + n * interval '78.624 seconds',
    'actor ' || mod(n, 50),
    'bench',
    'request ' || n / 10,
    'trading',
    case when mod(n, 1000) = 0 then 'orders' else 'trades' end,
    'insert',
    1,
    '2024-01-01',
    '2024-01-02',
    case
        when mod(n, 10000) = 77 then null
        when mod(n, 20011) = 3 then array[7]
        else array[1000 + mod(n, 100)]
    end,
    array[mod(n, 5000)]
from generate_series(1, %(count)s) as g (n)
"""
# One position that every tenth event changed, and many that none did twice.
GENERATE_IMAGES = """
insert into audit.images (
    event_id, occurred_at, image_no, table_schema, table_name, row_key, before, after
)
select
    e.event_id, e.occurred_at, 1, 'trading', 'positions',
    case when mod(e.event_id, 10) = 0 then '1/1' else '2/' || e.event_id end,
    jsonb_build_object('event_id', e.event_id - 10, 'quantity', e.event_id),
    jsonb_build_object('event_id', e.event_id, 'quantity', e.event_id + 10)
from audit.events as e
"""


@pytest.fixture(scope="module")
def log(server: Target, template: str) -> Iterator[Connection[Any]]:
    """A log of a size at which a scan would show."""
    from psycopg import connect

    from warehouse.db.scratch import scratch_database

    with (
        scratch_database(server, template) as target,
        connect(**target.keywords(options="-c timezone=UTC"), autocommit=True) as conn,
    ):
        inherited = (
            "select inhrelid::regclass::text from pg_inherits where inhparent = %s::regclass"
        )
        for (own,) in conn.execute(inherited, ["audit.events"]).fetchall():
            conn.execute(f"drop table {own}".encode())  # with what migrating left in it
        for number, log in product(range(MONTHS), ("events", "images")):
            conn.execute(
                sql.SQL(
                    "create table audit.{} partition of audit.{} for values from ({}) to ({})"
                ).format(
                    sql.Identifier(f"{log}_p2024{number + 1:02}01"),
                    sql.Identifier(log),
                    sql.Literal(BEGINNING.replace(month=number + 1)),
                    sql.Literal(BEGINNING.replace(month=number + 2)),
                )
            )
        conn.execute(GENERATE, {"count": GENERATED - 1})
        conn.execute(GENERATE_IMAGES)
        conn.execute("vacuum analyze audit.events, audit.images")
        yield conn


ASKED = {
    "nothing": Asked(),
    "table": Asked(table="trading.orders"),
    "actor": Asked(actor="actor 7"),
    "request": Asked(request_id="request 500"),
    "time": Asked(since=datetime(2024, 2, 1, tzinfo=UTC), until=datetime(2024, 2, 2, tzinfo=UTC)),
    "table and actor": Asked(table="trading.orders", actor="actor 0"),
    "common account": Asked(account_id=1005),
    "rare account": Asked(account_id=7),
    "unknown account": Asked(account_id=1),
    "instrument": Asked(instrument_id=77),
    "account and time": Asked(account_id=7, until=datetime(2024, 3, 1, tzinfo=UTC)),
    "account and actor": Asked(account_id=1005, actor="actor 5"),
    "events": Asked(event_ids=[5, 100_000, GENERATED - 1]),
}


def expected(asked: Asked, number: int) -> bool:
    """Whether the generated event of that number matches."""
    moment = BEGINNING + number * timedelta(seconds=78.624)
    unlisted = number % 10000 == 77
    account = 7 if number % 20011 == 3 else 1000 + number % 100
    return all(
        (
            asked.table is None or (asked.table == "trading.orders") == (number % 1000 == 0),
            asked.actor in (None, f"actor {number % 50}"),
            asked.request_id in (None, f"request {number // 10}"),
            asked.since is None or moment >= asked.since,
            asked.until is None or moment < asked.until,
            asked.account_id in (None, account) or unlisted,
            asked.instrument_id in (None, number % 5000),
            asked.event_ids is None or number in asked.event_ids,
        )
    )


def numbers(found: list[Event]) -> list[int]:
    return [each.event_id for each in found]


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED.keys())
def test_pages_hold_every_event_that_matches_once_and_in_order(
    log: Connection[Any], asked: Asked, newest_first: bool
) -> None:
    found: list[Event] = []
    after: Position | None = None
    for _ in range(4):
        page = events(log, asked, after=after, limit=7, newest_first=newest_first)
        found += page.events
        after = page.next and Position.parse(str(page.next))
        if after is None:
            break
    every = range(GENERATED - 1, 0, -1) if newest_first else range(1, GENERATED)
    matching = (number for number in every if expected(asked, number))
    assert numbers(found) == [number for number, _ in zip(matching, range(28), strict=False)]


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED.keys())
def test_no_question_reads_a_partition_from_end_to_end(
    log: Connection[Any], asked: Asked, newest_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans: list[str] = []
    explain = sql.SQL("explain (analyze, timing off, costs off) {}").format

    def explained(self: Any, asked: Asked, shape: Any, wanted: int) -> list[Event]:
        statement, parameters = self.statement(asked, shape, wanted)
        plans.extend(line for (line,) in log.execute(explain(statement), parameters))
        return run(self, asked, shape, wanted)

    run = history._Pager._run
    monkeypatch.setattr(history._Pager, "_run", explained)
    page = events(log, asked, newest_first=newest_first)
    if page.next:
        events(log, asked, newest_first=newest_first, after=page.next)
    assert plans
    assert [line for line in plans if "Seq Scan on events" in line] == []


def test_a_record_that_often_changed_is_told_without_reading_all_of_it(
    log: Connection[Any],
) -> None:
    of = record(log, "trading.positions", "1/1")
    moment = BEGINNING + timedelta(days=90)
    pages = [(_OLDER, None), (_OLDER, Position(moment, 0)), (_LATER, Position(moment, 0))]
    for shape, at in pages:
        statement, parameters = images_statement(of, shape, 50, at)
        explain = sql.SQL("explain (analyze, timing off, costs off) {}").format(statement)
        plan = [line for (line,) in log.execute(explain, parameters)]
        assert [line for line in plan if "Seq Scan" in line] == []
        read = [float(match[1]) for line in plan if (match := re.search(r"rows=([0-9.]+)", line))]
        assert max(read) < 200
    found = versions(log, of, limit=3)
    assert told(found, "quantity") == [199990, 199980, 199970]


@pytest.mark.parametrize("cursor", ["", "x", "2024-01-01,1", "2024-01-01T00:00:00,1,0", "1,2,3"])
def test_a_cursor_of_something_else_is_refused(cursor: str) -> None:
    with pytest.raises(CursorRefused):
        Position.parse(cursor)
