"""A refresh computes what new events name and nothing else, and writes only what differs."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from psycopg.errors import Error, InvalidParameterValue, UndefinedColumn

from tests.refresh.conftest import Desk, at
from warehouse.refresh.runs import Run, pending, refresh

JANUARY, MARCH = at("01-05"), at("03-05")


def runs(desk: Desk, *only: str) -> dict[str, Run]:
    return {run.relation.removeprefix("rolled."): run for run in desk.refresh(*only).runs}


def spans(run: Run) -> list[tuple[str, str, Any]]:
    return [(s["from"][:10], s["to"][:10], s["keys"]) for s in run.scopes]


@pytest.fixture
def traded(desk: Desk) -> Desk:
    """Two accounts, a trade each in January and in March, and all is up to date."""
    for account in (1, 2):
        desk.trade(account, JANUARY, 5)
        desk.trade(account, MARCH, -2)
    desk.refresh()
    return desk


def test_rollups_hold_what_their_views_say(traded: Desk) -> None:
    assert traded.rows("select * from rolled.holdings order by account_id, day") == [
        (account, 1, day, Decimal(quantity))
        for account in (1, 2)
        for day, quantity in ((date(2026, 1, 5), 5), (date(2026, 3, 5), 3))
    ]
    assert traded.rows("select * from rolled.totals where account_id = 1 order by month") == [
        (1, date(2026, 1, 1), 1),
        (1, date(2026, 3, 1), 1),
    ]
    assert traded.differences() == {}


def test_a_late_trade_recomputes_its_account_and_its_day(traded: Desk) -> None:
    traded.trade(2, at("02-10"), 7)
    found = runs(traded)
    assert spans(found["flows"]) == [("2026-02-10", "2026-02-11", [2])]
    assert spans(found["totals"]) == [("2026-02-01", "2026-03-01", [2])]
    assert spans(found["holdings"]) == [("2026-02-10", "infinity", [2])]
    assert (found["flows"].inserted_count, found["flows"].updated_count) == (1, 0)
    assert (found["holdings"].inserted_count, found["holdings"].updated_count) == (1, 1)
    assert traded.rows(
        "select quantity from rolled.holdings where account_id = 2 order by day"
    ) == [
        (5,),
        (12,),
        (10,),
    ]
    assert traded.differences() == {}


def test_rows_that_do_not_differ_are_not_written(traded: Desk) -> None:
    places = "select ctid, account_id, day from rolled.flows order by account_id, day"
    before = traded.rows(places)
    traded.trade(1, at("03-05", "23:59"))
    run = runs(traded)["flows"]
    assert (run.inserted_count, run.updated_count, run.deleted_count) == (0, 1, 0)
    assert len(set(before) & set(traded.rows(places))) == 3


def test_where_nothing_was_written_nothing_is_done(traded: Desk) -> None:
    ledger = "select max(refresh_run_id) from ops.refresh_runs"
    versions = "select relation, version from ops.rollups order by relation"
    before = traded.rows(ledger)
    assert traded.refresh().runs == []  # reads the refreshes' own events, which say nothing to them
    after = traded.rows(versions)
    assert traded.refresh().runs == []
    assert (traded.rows(ledger), traded.rows(versions)) == (before, after)


def test_a_bust_and_a_correction_reach_the_trade_that_they_replace(traded: Desk) -> None:
    [(old, day)] = traded.rows(
        "select trade_id, executed_at from trading.trades where account_id = 1 and side = 'buy'"
    )
    new = traded.trade(1, at("04-01"), 9, instrument=2, kind="correction", replaces=(day, old))
    traded.refresh()
    assert traded.differences() == {}
    assert traded.rows(
        "select instrument_id, day, quantity from rolled.holdings where account_id = 1 order by day"
    ) == [(1, date(2026, 3, 5), -2), (2, date(2026, 4, 1), 9)]
    traded.trade(1, at("04-02"), 9, instrument=2, kind="bust", replaces=(at("04-01"), new))
    traded.refresh()
    assert traded.differences() == {}
    assert traded.rows("select count(*) from rolled.holdings where account_id = 1") == [(1,)]


def test_the_newest_of_a_key_is_found_again_when_it_is_taken_away(traded: Desk) -> None:
    newest = "select executed_at from rolled.newest where instrument_id = 1"
    traded.trade(1, at("02-01"))
    assert runs(traded)["newest"].event_id is None
    gone = traded.trade(1, at("06-01"))
    traded.refresh()
    assert traded.rows(newest) == [(at("06-01"),)]
    traded.trade(1, at("06-01"), kind="bust", replaces=(at("06-01"), gone))
    traded.refresh()
    assert traded.rows(newest) == [(MARCH,)]


def test_a_new_generation_is_told_only_when_rows_changed(traded: Desk) -> None:
    generation = "select generation from ops.generations where relation = 'rolled.flows'"
    (before,) = traded.rows(generation)
    with traded.session() as listener:
        listener.execute("listen warehouse_generations")
        traded.trade(3, MARCH)
        run = runs(traded, "flows")["flows"]
        told = next(listener.notifies(timeout=5)).payload
    assert told == f"rolled.flows {run.event_id}"
    assert traded.rows(generation) == [(run.event_id,)] != [before]
    traded.conn.execute("select audit.record_event('trading', 'trades', 'insert', 1)")
    run = runs(traded, "flows")["flows"]
    assert (run.event_count, run.event_id) == (1, None)
    assert traded.rows(generation) != [before]


def test_a_new_dimension_row_changes_nothing_by_itself(traded: Desk) -> None:
    traded.conn.execute(
        "insert into reference.instruments (symbol, asset_type, currency) values ('N', 'equity', 'USD')"
    )
    assert "newest" not in runs(traded)
    traded.conn.execute("update reference.instruments set symbol = 'M' where symbol = 'N'")
    assert spans(runs(traded)["newest"])[0][2] is not None


def test_partitions_are_made_as_rows_need_them(desk: Desk) -> None:
    assert desk.rows(
        "select count(*) from pg_inherits where inhparent = 'rolled.totals'::regclass"
    ) == [(0,)]
    desk.trade(1, MARCH)
    with desk.session() as reader:
        reader.execute("begin; select from rolled.totals")
        desk.builder.execute("set lock_timeout = '5s'")
        desk.refresh()
    assert desk.rows(
        "select inhrelid::regclass::text from pg_inherits where inhparent = 'rolled.totals'::regclass"
    ) == [("rolled.totals_p20260101",)]
    assert desk.differences() == {}


def test_the_first_rows_are_computed_once_though_their_partitions_are_missing(traded: Desk) -> None:
    traded.builder.execute(
        "create sequence rolled.computed;"
        " create table rolled.counted (account_id bigint, day date, number bigint)"
        " partition by range (day);"
        " create view rolled.counted_logic as"
        " select f.account_id, f.day, nextval('rolled.computed') as number from rolled.flows as f"
        " where f.day >= ops.scope_from()::date"
    )
    traded.builder.execute(
        "select ops.declare_rollup('rolled.counted', 'rolled.counted_logic', 'day',"
        " '{account_id,day}', 'window', 'prod', partition_interval => '1 month')"
    )
    traded.refresh("rolled.counted")
    assert traded.rows("select count(*), max(number) from rolled.counted") == [(4, 4)]


def test_a_changed_definition_is_computed_anew(traded: Desk) -> None:
    traded.builder.execute(
        "create or replace view rolled.totals_logic as select f.account_id,"
        " date_trunc('month', f.day)::date as month, 2 * sum(f.trades) as trades from rolled.flows f"
        " where f.day >= (ops.scope_from() at time zone 'UTC')::date group by 1, 2"
    )
    assert [scope.scope_from for scope in pending(traded.builder)] == ["-infinity"]
    run = runs(traded)["totals"]
    assert (run.kind, run.updated_count) == ("build", 4)
    assert traded.differences() == {}


def test_a_change_by_hand_is_found(traded: Desk) -> None:
    traded.builder.execute("update rolled.flows set net_quantity = 99 where account_id = 1")
    traded.builder.execute("delete from rolled.newest")
    found = traded.differences()
    assert (found["rolled.flows"], found["rolled.newest"]) == (2, 1)
    assert traded.rows(
        "select relation from ops.rollups where verified_snapshot is not null order by 1"
    ) == [("rolled.totals",)]
    traded.builder.execute("select ops.refresh_rollup('rolled.flows', whole => true)")
    traded.builder.execute("select ops.refresh_rollup('rolled.newest', whole => true)")
    assert traded.differences() == {}


def test_a_failing_rollup_keeps_its_rows_and_the_others_go_on(traded: Desk) -> None:
    traded.builder.execute(
        "create or replace view rolled.totals_logic as select f.account_id,"
        " date_trunc('month', f.day)::date as month, sum(1 / (f.trades - 1)) as trades"
        " from rolled.flows f where f.day >= (ops.scope_from() at time zone 'UTC')::date group by 1, 2"
    )
    traded.trade(1, at("05-01"))
    outcome = refresh(traded.builder)
    assert [relation for relation, _ in outcome.failed] == ["rolled.totals"]
    assert "division by zero" in outcome.failed[0][1]
    assert {"rolled.flows", "rolled.holdings"} <= {run.relation for run in outcome.runs}
    assert traded.rows("select sum(trades) from rolled.totals") == [(4,)]
    assert traded.rows(
        "select state from ops.refresh_runs where relation = 'rolled.totals'"
        " order by refresh_run_id desc limit 1"
    ) == [("failed",)]


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ("logic_view => 'trading.effective_trades'", InvalidParameterValue, "without a bound"),
        ("time_column => 'moment'", UndefinedColumn, "rolled.flows has no column moment"),
        ("key_columns => '{account_id,desk}'", UndefinedColumn, "no column desk"),
    ],
)
def test_what_cannot_be_refreshed_by_scope_is_refused(
    desk: Desk, changed: str, error: type[Error], words: str
) -> None:
    given = {
        "relation": "'rolled.flows'",
        "logic_view": "'rolled.flows_logic'",
        "time_column": "'day'",
        "key_columns": "'{account_id,instrument_id,day}'",
        "scope_mode": "'window'",
        "environment": "'prod'",
    }
    name, _, value = changed.partition(" => ")
    arguments = ", ".join(f"{k} => {v}" for k, v in (given | {name: value}).items())
    with pytest.raises(error, match=words):
        desk.builder.execute(f"select ops.declare_rollup({arguments})".encode())


def test_a_key_that_is_there_twice_is_refused_with_its_name(desk: Desk) -> None:
    desk.builder.execute(
        "create table rolled.twice (account_id bigint, day date);"
        " create view rolled.twice_logic as select f.account_id, f.day from rolled.flows f,"
        " generate_series(1, 2) where f.day >= ops.scope_from()::date"
    )
    desk.trade(1, MARCH)
    desk.refresh()
    desk.builder.execute(
        "select ops.declare_rollup('rolled.twice', 'rolled.twice_logic', 'day', '{account_id,day}',"
        " 'window', 'prod')"
    )
    with pytest.raises(Error, match="twice_pkey"):
        desk.builder.execute("select ops.refresh_rollup('rolled.twice')")
