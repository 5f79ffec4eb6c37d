"""Whatever changes an audited row leaves an event of it, and each row names its own."""

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg import Connection, connect, sql
from psycopg.errors import CheckViolation, InsufficientPrivilege, NotNullViolation
from psycopg.rows import dict_row, namedtuple_row

from warehouse.db.scratch import scratch_database
from warehouse.db.target import Target
from warehouse.models import Base
from warehouse.models.audit import Operation
from warehouse.models.audited import Kind, audited

TRADE = (
    "insert into trading.trades (account_id, executed_at, instrument_id, side, quantity, price, source_id)"
    " values (%s, %s, %s, 'buy', 1, 10, 1)"
)
BARS = (
    "insert into market.bars (instrument_id, frequency, bar_at, source_id, open, high, low, close, volume)"
    " values (1, '1d', '2026-01-05', 1, 1, 2, 1, 2, 9), (2, '1d', '2026-01-06', 1, 1, 2, 1, 2, 9)"
)
RESTATE = (
    BARS + " on conflict (instrument_id, frequency, bar_at, source_id) do update"
    " set close = excluded.close, volume = 10"
)
ORDER = """
insert into trading.orders (account_id, order_id, source_id, instrument_id, session, duration, order_type,
    side, quantity, remaining_quantity, status, entered_at)
values (1, 7, 1, 1, 'normal', 'day', 'market', 'buy', 5, 5, 'working', '2026-01-05');
insert into trading.order_legs (account_id, order_id, leg_no, leg_type, instruction, quantity, instrument_id)
values (1, 7, 1, 'equity', 'buy', 5, 1);
"""


# A write of some rows in one moment of one account and instrument, and a change that moves none.
ONE_AND_MANY = {
    "trading.trades": (
        (
            "insert into trading.trades (account_id, executed_at, trade_id, instrument_id, side, quantity,"
            " price, source_id) select 1, '2026-01-05', %(key)s + g, 1, 'buy', 1, 10, 1"
            " from generate_series(1, %(rows)s) as g"
        ),
        "update trading.trades set price = 11",
    ),
    "market.bars": (
        (
            "insert into market.bars (instrument_id, frequency, bar_at, source_id, volume, is_empty)"
            " select 1, (array['1d', '1h'])[g], '2026-01-05', 1, 0, true"
            " from generate_series(1, %(rows)s) as g"
        ),
        "update market.bars set volume = 0",
    ),
    "trading.orders": (
        (
            "insert into trading.orders (account_id, order_id, source_id, instrument_id, session, duration,"
            " order_type, side, quantity, remaining_quantity, status, entered_at)"
            " select 1, %(key)s + g, 1, 1, 'normal', 'day', 'market', 'buy', 5, 5, 'working', '2026-01-05'"
            " from generate_series(1, %(rows)s) as g"
        ),
        "update trading.orders set status = 'cancelled'",
    ),
}


def events(conn: Connection[Any], table: str) -> list[Any]:
    """The events of what was written to a table, oldest first."""
    with conn.cursor(row_factory=namedtuple_row) as cursor:
        return cursor.execute(
            "select * from audit.events where table_schema || '.' || table_name = %s"
            " and operation in ('insert', 'update', 'delete') order by event_id",
            [table],
        ).fetchall()


def images(conn: Connection[Any], table: str) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "select event_id, row_key, before, after from audit.images"
            " where table_schema || '.' || table_name = %s order by event_id, image_no",
            [table],
        ).fetchall()


def named(conn: Connection[Any], table: str) -> list[int]:
    """The events that the rows of a table name, a row each."""
    statement = sql.SQL("select event_id from {} order by event_id")
    found = conn.execute(statement.format(sql.Identifier(*table.split("."))))
    return [event_id for (event_id,) in found]


@pytest.fixture(scope="module")
def nonsense(server: Target, template: str) -> Iterator[Connection[Any]]:
    """Nothing that is refused leaves anything behind, so one database serves all."""
    with (
        scratch_database(server, template) as target,
        connect(**target.keywords(options="-c timezone=UTC"), autocommit=True) as conn,
    ):
        yield conn


# -- every table -----------------------------------------------------------------------------------


def test_every_table_whose_rows_name_an_event_is_audited() -> None:
    bookkeeping = {"audit.events", "audit.images", "ops.partition_runs", "ops.refresh_runs"}
    # Filled by a trigger of trades; its rows name the trades' events.
    derived = {"trading.trade_replacements"}
    naming = {t.fullname for t in Base.metadata.sorted_tables if "event_id" in t.c}
    kinds = {each.table for each in audited() if each.kind not in (Kind.RECORD, Kind.REFERENCE)}
    assert naming - bookkeeping - derived == kinds


def test_the_triggers_in_the_catalogue_are_those_the_models_declare(conn: Connection[Any]) -> None:
    found = conn.execute(
        "select c.oid::regclass::text, array_agg(t.tgname::text order by t.tgname),"
        " array_agg(distinct t.tgenabled::text)"
        " from pg_trigger t join pg_class c on c.oid = t.tgrelid"
        " where t.tgname like 'audit%' and not c.relispartition"
        " group by c.oid having bool_or(t.tgname = 'audit_insert')"
    ).fetchall()
    always = {table: names for table, names, enabled in found if enabled == ["A"]}
    assert always == {each.table: sorted(each.triggers) for each in audited()}


def test_what_the_migrations_told_the_triggers_is_what_the_models_say(
    conn: Connection[Any],
) -> None:
    """Watching a table anew in the models' words changes nothing."""
    bodies = (
        "select proname, prosrc from pg_proc where pronamespace = 'audit'::regnamespace order by 1"
    )
    before = conn.execute(bodies).fetchall()
    for each in audited():
        conn.execute(
            "select audit.watch(%s::regclass, %s, %s, %s, %s, %s::text[])",
            [each.table, each.kind, each.time, each.account, each.instrument, list(each.hidden)],
        )
    assert conn.execute(bodies).fetchall() == before


# -- every way of writing --------------------------------------------------------------------------


def insert(conn: Connection[Any]) -> None:
    conn.execute(TRADE, [1, "2026-01-05", 1])


def copy(conn: Connection[Any]) -> None:
    columns = "account_id, executed_at, instrument_id, side, quantity, price, source_id"
    with conn.cursor().copy(f"copy trading.trades ({columns}) from stdin") as stream:
        stream.write_row((1, "2026-01-05", 1, "buy", 1, 10, 1))


def merge(conn: Connection[Any]) -> None:
    conn.execute(
        "merge into trading.trades as t using (values (1, 1)) as s (account_id, instrument_id)"
        " on t.account_id = s.account_id and t.executed_at = '2026-01-05'"
        " when not matched then insert (account_id, executed_at, instrument_id, side, quantity, price,"
        " source_id) values (s.account_id, '2026-01-05', s.instrument_id, 'buy', 1, 10, 1)"
    )


def cte(conn: Connection[Any]) -> None:
    conn.execute(f"with written as ({TRADE} returning *) select from written", [1, "2026-01-05", 1])


def replica(conn: Connection[Any]) -> None:
    with conn.transaction():
        conn.execute("set local session_replication_role = replica")
        insert(conn)


@pytest.mark.parametrize("write", [insert, copy, merge, cte, replica])
def test_a_row_names_the_one_event_of_its_write(conn: Connection[Any], write: Any) -> None:
    write(conn)
    (event,) = events(conn, "trading.trades")
    assert named(conn, "trading.trades") == [event.event_id]
    assert (event.operation, event.row_count) == ("insert", 1)
    assert (event.account_ids, event.instrument_ids) == ([1], [1])
    assert event.time_from.isoformat() == "2026-01-05T00:00:00+00:00"
    assert event.time_to.isoformat() == "2026-01-05T00:00:00.000001+00:00"
    assert event.xid == event_xid(conn, event.event_id)


def event_xid(conn: Connection[Any], event_id: int) -> str:
    row = conn.execute(
        "select min(xmin::text::xid8) from trading.trades where event_id = %s", [event_id]
    ).fetchone()
    assert row
    return str(row[0])


def test_a_statement_that_writes_a_table_twice_leaves_one_event(conn: Connection[Any]) -> None:
    conn.execute(
        f"with one as ({TRADE}), two as ({TRADE}) select", [1, "2026-01-05", 1, 2, "2026-01-06", 2]
    )
    (event,) = events(conn, "trading.trades")
    assert event.row_count == 2
    assert set(named(conn, "trading.trades")) == {event.event_id}


def test_a_statement_that_touches_no_row_leaves_no_event(conn: Connection[Any]) -> None:
    conn.execute("update market.bars set volume = 1")
    conn.execute("delete from market.bars")
    assert events(conn, "market.bars") == []


@pytest.mark.parametrize("table", ["trading.trades", "market.bars", "trading.orders"])
def test_what_one_row_says_is_what_many_say(conn: Connection[Any], table: str) -> None:
    """The event of a single row is written by a statement of its own."""
    write, change = ONE_AND_MANY[table]
    conn.execute("set role warehouse_maintain")
    for rows in (1, 2):
        conn.execute(write, {"rows": rows, "key": 10 * rows})
        for statement in (change, f"delete from {table}"):
            conn.execute(statement)
    one, many = (events(conn, table)[start : start + 3] for start in (0, 3))
    reach = ("operation", "time_from", "time_to", "account_ids", "instrument_ids")
    for each, other in zip(one, many, strict=True):
        assert [getattr(each, name) for name in reach] == [getattr(other, name) for name in reach]
        assert (each.row_count, other.row_count) == (1, 2)
        assert (each.actor, each.application) == (other.actor, other.application)


def test_a_single_row_that_moves_is_told_at_both_ends(conn: Connection[Any]) -> None:
    conn.execute(BARS.replace(", (2, '1d', '2026-01-06', 1, 1, 2, 1, 2, 9)", ""))
    conn.execute("update market.bars set bar_at = '2026-02-02', instrument_id = 2")
    _, moved = events(conn, "market.bars")
    assert (moved.row_count, moved.instrument_ids) == (1, [1, 2])
    assert (moved.time_from.month, moved.time_to.month) == (1, 2)


@pytest.mark.parametrize(
    "told",
    [
        "'vanish', 1",
        "'insert', -1",
        "'insert', 1, '2026-01-02', null",
        "'insert', 1, '2026-01-02', '2026-01-01'",
        "'insert', 1, '2026-01-02', 'infinity'",
        "'insert', 1, digest => 'x'",
    ],
)
def test_an_event_that_makes_no_sense_is_refused(nonsense: Connection[Any], told: str) -> None:
    with pytest.raises(CheckViolation, match="no event says"), nonsense.transaction():
        nonsense.execute(f"select audit.record_event('market', 'bars', {told})")


def test_every_operation_there_is_may_be_recorded(nonsense: Connection[Any]) -> None:
    for operation in Operation:
        nonsense.execute("select audit.record_event('market', 'bars', %s, 1)", [operation])


@pytest.mark.parametrize("days", ["('infinity')", "('2026-01-05'), ('infinity')"])
def test_a_row_without_a_finite_time_is_refused(nonsense: Connection[Any], days: str) -> None:
    with pytest.raises(CheckViolation, match="no event says"), nonsense.transaction():
        nonsense.execute(
            "insert into reference.fx_rates (base_currency, quote_currency, day, source_id, rate)"
            f" select 'EUR', 'USD', d::date, 1, 1 from (values {days}) as v (d)"
        )


def test_more_keys_than_can_be_listed_are_any(conn: Connection[Any]) -> None:
    conn.execute(
        "insert into reference.instruments (instrument_id, symbol, asset_type, currency)"
        " select n, 'S' || n, 'equity', 'USD' from generate_series(10, 120) as n"
    )
    (event,) = events(conn, "reference.instruments")[1:]
    assert (event.row_count, event.instrument_ids, event.digest) == (111, None, None)


def test_who_and_why_comes_from_the_transaction(conn: Connection[Any]) -> None:
    with conn.transaction():
        for name in ("actor", "application", "request_id", "reason"):
            conn.execute("select set_config(%s, %s, true)", [f"warehouse.{name}", f"the {name}"])
        conn.execute("set local warehouse.batch_id = '5'")
        insert(conn)
    (event,) = events(conn, "trading.trades")
    assert (event.actor, event.application) == ("the actor", "the application")
    assert (event.request_id, event.reason, event.batch_id) == ("the request_id", "the reason", 5)


def test_a_partition_made_later_is_covered(conn: Connection[Any]) -> None:
    conn.execute(
        "create table trading.trades_p20260401 partition of trading.trades"
        " for values from ('2026-04-01Z') to ('2026-05-01Z')"
    )
    conn.execute(TRADE, [1, "2026-04-05", 1])
    assert len(events(conn, "trading.trades")) == 1
    with pytest.raises(InsufficientPrivilege, match="append-only"):
        conn.execute("update trading.trades_p20260401 set price = 11")


# -- nothing slips through -------------------------------------------------------------------------


def test_a_row_cannot_name_another_event(conn: Connection[Any]) -> None:
    with pytest.raises(InsufficientPrivilege, match="names another event"):
        conn.execute(
            "insert into market.bars (instrument_id, frequency, bar_at, source_id, volume, is_empty, event_id)"
            " values (1, '1d', '2026-01-05', 1, 0, true, 1)"
        )


def test_a_partition_takes_no_rows_of_its_own(conn: Connection[Any]) -> None:
    straight = TRADE.replace("trading.trades", "trading.trades_p20260101")
    straight = straight.replace("(account_id", "(trade_id, account_id").replace("(%s", "(1, %s", 1)
    with pytest.raises(NotNullViolation, match="event_id"):
        conn.execute(straight, [1, "2026-01-05", 1])
    with conn.transaction(force_rollback=True):
        insert(conn)
        with pytest.raises(NotNullViolation, match="event_id"):
            conn.execute(straight, [1, "2026-01-05", 1])


@pytest.mark.parametrize(
    "statement",
    [
        "update market.bars_p20260101 set close = 1",
        "delete from market.bars_p20260101",
        "truncate market.bars_p20260101",
        "truncate market.bars",
    ],
)
def test_rows_change_through_the_parent_alone(conn: Connection[Any], statement: str) -> None:
    conn.execute(BARS)
    with pytest.raises(InsufficientPrivilege):
        conn.execute(statement)
    with pytest.raises(InsufficientPrivilege), conn.transaction():
        conn.execute("set local session_replication_role = replica")
        conn.execute(statement)


@pytest.mark.parametrize("table", ["trading.trades", "trading.trades_p20260101"])
@pytest.mark.parametrize("statement", ["update {} set price = 11", "delete from {}", "truncate {}"])
def test_append_only_facts_are_not_rewritten_even_by_a_superuser(
    conn: Connection[Any], table: str, statement: str
) -> None:
    insert(conn)
    with pytest.raises(InsufficientPrivilege, match="append-only|audited"):
        conn.execute(statement.format(table))


def test_maintenance_may_and_leaves_the_rows_as_they_were(conn: Connection[Any]) -> None:
    insert(conn)
    conn.execute("set role warehouse_maintain")
    conn.execute("update trading.trades set price = 11")
    conn.execute("delete from trading.trades")
    conn.execute("reset role")
    added, changed, gone = events(conn, "trading.trades")
    assert [added.operation, changed.operation, gone.operation] == ["insert", "update", "delete"]
    first, second = images(conn, "trading.trades")
    assert (first["event_id"], first["before"]["event_id"]) == (changed.event_id, added.event_id)
    assert (first["before"]["price"], first["after"]["price"]) == (10, 11)
    assert (second["before"]["event_id"], second["after"]) == (changed.event_id, None)
    assert first["row_key"] == f"1/2026-01-05 00:00:00+00/{first['before']['trade_id']}"


def test_a_restated_fact_leaves_its_old_state(conn: Connection[Any]) -> None:
    conn.execute(BARS)
    conn.execute(RESTATE)
    added, restated = events(conn, "market.bars")
    assert (restated.operation, restated.row_count) == ("update", 2)
    assert named(conn, "market.bars") == [restated.event_id] * 2
    kept = images(conn, "market.bars")
    assert [each["before"]["event_id"] for each in kept] == [added.event_id] * 2
    assert [(each["before"]["volume"], each["after"]) for each in kept] == [(9, None)] * 2


def test_an_upsert_that_does_both_leaves_both_events(conn: Connection[Any]) -> None:
    conn.execute(BARS)
    conn.execute(RESTATE.replace("(2, '1d', '2026-01-06'", "(2, '1d', '2026-01-07'"))
    assert [(e.operation, e.row_count) for e in events(conn, "market.bars")] == [
        ("insert", 2),
        ("insert", 1),
        ("update", 1),
    ]


def test_a_row_that_moves_to_another_partition_is_one_update(conn: Connection[Any]) -> None:
    conn.execute(BARS)
    conn.execute("update market.bars set bar_at = '2026-02-02' where instrument_id = 1")
    _, moved = events(conn, "market.bars")
    assert (moved.operation, moved.row_count) == ("update", 1)
    assert (moved.time_from.month, moved.time_to.month) == (1, 2)


def test_a_mutable_fact_leaves_both_states_and_a_cascade_its_event(conn: Connection[Any]) -> None:
    conn.execute(ORDER)
    conn.execute("update trading.orders set status = 'cancelled', version = version + 1")
    (change,) = images(conn, "trading.orders")
    assert (change["row_key"], change["before"]["status"], change["after"]["status"]) == (
        "1/7",
        "working",
        "cancelled",
    )
    conn.execute("set role warehouse_maintain")
    conn.execute("delete from trading.orders")
    conn.execute("reset role")
    assert [e.operation for e in events(conn, "trading.order_legs")] == ["insert", "delete"]


def test_a_record_leaves_every_state_but_no_secret(conn: Connection[Any]) -> None:
    conn.execute(
        "insert into ops.api_keys (name, principal_id, prefix, secret_hash, scopes)"
        " values ('k', 1, 'th_k', sha256('k'), '{read}')"
    )
    conn.execute("update ops.api_keys set revoked_at = now()")
    made, revoked = images(conn, "ops.api_keys")
    assert made["before"] is None
    assert (made["after"]["name"], "secret_hash" in made["after"]) == ("k", False)
    assert "secret_hash" not in revoked["before"]
    assert revoked["after"]["revoked_at"]


def test_the_digest_is_that_of_the_rows(conn: Connection[Any]) -> None:
    conn.execute(BARS)
    digest = conn.execute(
        "select sha256(string_agg(leaf, '' order by leaf))"
        " from (select sha256('\\x00'::bytea || record_send(b)) as leaf from market.bars as b) as l"
    ).fetchone()
    (event,) = events(conn, "market.bars")
    assert (event.digest,) == digest


@pytest.mark.parametrize(
    "statement",
    [
        "delete from audit.{}",
        "update audit.{} set event_id = event_id",
        "truncate audit.{}",
    ],
)
@pytest.mark.parametrize("log", ["events", "images"])
def test_the_log_is_never_rewritten(conn: Connection[Any], log: str, statement: str) -> None:
    conn.execute(BARS)
    conn.execute(RESTATE)
    with pytest.raises(InsufficientPrivilege):
        conn.execute(statement.format(log))


@pytest.mark.parametrize("role", ["warehouse_write", "warehouse_maintain", "warehouse_build"])
def test_no_role_is_granted_more_of_the_log_than_reading(conn: Connection[Any], role: str) -> None:
    granted = conn.execute(
        "select c.relname from pg_class c where c.relnamespace = 'audit'::regnamespace"
        " and c.relname ~ '^(events|images|seals|access)' and c.relkind in ('r', 'p')"
        " and has_table_privilege(%s, c.oid, 'insert, update, delete, truncate, trigger')",
        [role],
    ).fetchall()
    assert granted == []


# -- where triggers cannot be ----------------------------------------------------------------------


def test_an_event_written_by_hand_is_the_trigger_s(conn: Connection[Any]) -> None:
    """As the loading path does it on a server that has no triggers on distributed tables."""
    conn.execute(BARS)
    conn.execute("set role warehouse_maintain")
    conn.execute("delete from market.bars")
    conn.execute("reset role")
    conn.execute("alter table market.bars disable trigger user")
    with conn.transaction():
        conn.execute("select audit.open_event('market', 'bars', 'insert')")
        conn.execute(BARS)
        conn.execute(
            "select audit.record_event('market', 'bars', 'insert', 2, '2026-01-05Z',"
            " '2026-01-06 00:00:00.000001Z', '{}', '{1,2}',"
            " event_id => audit.close_event('market', 'bars', 'insert'))"
        )
    by_trigger, _, by_hand = events(conn, "market.bars")
    own = {"event_id", "occurred_at", "xid", "digest"}
    assert {k: v for k, v in by_trigger._asdict().items() if k not in own} == {
        k: v for k, v in by_hand._asdict().items() if k not in own
    }
    assert named(conn, "market.bars") == [by_hand.event_id] * 2
