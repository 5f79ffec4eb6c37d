"""Loading is whole or not at all, once, and goes on where it was killed."""

from collections import defaultdict
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from psycopg import Connection, connect, sql

from tests.demo.test_positions import FLAT, Held, replayed
from warehouse.db import keys
from warehouse.db.scratch import scratch_database
from warehouse.db.target import Target
from warehouse.demo import DEFAULT_SEED, DEFAULT_UNTIL, ScaleName
from warehouse.demo.chunks import chunk
from warehouse.demo.foreign_keys import ForeignKeys
from warehouse.demo.load import ForeignData, Progress, Summary, load, plan
from warehouse.errors import ConstraintError
from warehouse.models.base import Base
from warehouse.models.reference import DailyMark

WRITTEN = ("reference", "market", "trading", "portfolio", "risk", "library", "ops")
# What tells one run from another: keys drawn from sequences that a rollback does not turn back.
RUNS_OWN = ["event_id", "event_ids", "batch_id"]


class Killed(Exception):
    """The load was stopped from outside."""


def connected(database: Target) -> Connection[Any]:
    return connect(**database.keywords(options="-c timezone=UTC"))


def loaded(conn: Connection[Any], progress: Any = lambda _: None, **other: Any) -> Summary:
    usual: dict[str, Any] = {"scale": ScaleName.TINY, "seed": DEFAULT_SEED, "until": DEFAULT_UNTIL}
    asked = usual | other
    return load(conn, progress=progress, **asked)


def contents(conn: Connection[Any]) -> dict[str, tuple[int, str]]:
    """Rows and a hash of them for every table, without the keys that are a run's own."""
    found = {}
    for table in Base.metadata.sorted_tables:
        if table.schema not in WRITTEN or table.name == "partition_policy":
            continue
        query = sql.SQL(
            "select count(*), md5(string_agg(line, e'\n' order by line)) from"
            " (select (to_jsonb(t) - %s::text[])::text as line from {} as t) as x"
        ).format(sql.Identifier(table.schema, table.name))
        row = conn.execute(query, [RUNS_OWN]).fetchone()
        if row and row[0]:
            found[table.fullname] = row
    return found


def killer(after: int) -> Any:
    """Raises at the given report of progress."""
    seen = []

    def show(report: Progress) -> None:
        seen.append(report)
        if len(seen) == after:
            raise Killed

    return show


def test_a_load_is_complete_and_a_second_finds_nothing_to_do(database: Target) -> None:
    with connected(database) as conn:
        first = loaded(conn)
        assert first.steps == len(plan(ScaleName.TINY, DEFAULT_SEED, DEFAULT_UNTIL))
        before = contents(conn)
        assert sum(rows for rows, _ in before.values()) > first.rows * 0.9
        second = loaded(conn)
        assert (second.rows, second.steps, second.skipped) == (0, 0, first.steps)
        assert contents(conn) == before


def test_a_load_that_is_killed_again_and_again_ends_as_if_it_had_run_once(
    database: Target, server: Target, template: str
) -> None:
    with connected(database) as conn:
        loaded(conn)
        whole = contents(conn)
    with scratch_database(server, template) as other:
        for after in (5, 9, 30, 55, 60, 25):
            with connected(other) as conn, pytest.raises(Killed):
                loaded(conn, killer(after))
        with connected(other) as conn:
            assert loaded(conn).skipped > 0
            assert contents(conn) == whole


def test_a_step_that_is_killed_leaves_nothing(database: Target) -> None:
    counted = "select count(*) from audit.events"
    with connected(database) as conn:
        before = conn.execute(counted).fetchone()
        with pytest.raises(Killed):
            loaded(conn, killer(4))
        conn.rollback()
        assert contents(conn) == {}
        assert conn.execute(counted).fetchone() == before


@pytest.mark.parametrize(
    "other", [{"seed": 2}, {"scale": ScaleName.SMALL}, {"until": date(2026, 6, 29)}]
)
def test_another_demo_data_set_is_refused(database: Target, other: dict[str, Any]) -> None:
    with connected(database) as conn:
        with pytest.raises(Killed):
            loaded(conn, killer(60))
        before = contents(conn)
        with pytest.raises(ForeignData, match="another demo data set"):
            loaded(conn, **other)
        conn.rollback()
        assert contents(conn) == before


def test_a_warehouse_with_instruments_of_its_own_is_refused(database: Target) -> None:
    with connected(database) as conn:
        conn.execute(
            "insert into reference.instruments (symbol, asset_type, currency)"
            " values ('MINE', 'equity', 'USD')"
        )
        conn.commit()
        with pytest.raises(ForeignData, match="not demo data"):
            loaded(conn)
        row = conn.execute("select count(*) from reference.instruments").fetchone()
        assert row == (1,)


def test_keys_of_the_api_that_were_made_before_are_left_alone(database: Target) -> None:
    with connected(database) as conn:
        keys.create(conn, keys.Terms("early", ["read"]), keys.Grants(everything=True))
        conn.commit()
        loaded(conn)
        tables = ("ops.api_keys", "portfolio.portfolios", "portfolio.alerts")
        found = {table: logins(conn, table) for table in tables}
    assert found.pop("ops.api_keys") == {"early"}
    assert all(people and "early" not in people for people in found.values())


def logins(conn: Connection[Any], table: str) -> set[str]:
    """Whose rows they are."""
    query = sql.SQL("select p.login from {} join reference.principals as p using (principal_id)")
    return {login for (login,) in conn.execute(query.format(sql.Identifier(*table.split("."))))}


def test_progress_is_told_and_ends_at_what_was_written(database: Target) -> None:
    reports: list[Progress] = []
    with connected(database) as conn:
        summary = loaded(conn, reports.append)
    done = [report.rows_done for report in reports]
    assert done == sorted(done)
    assert reports[-1].rows_done == reports[-1].rows_expected == summary.rows
    assert {report.step for report in reports} == {
        step.name for step in plan(ScaleName.TINY, DEFAULT_SEED, DEFAULT_UNTIL)
    }


def test_every_row_names_an_event_that_counts_it(database: Target) -> None:
    with connected(database) as conn:
        loaded(conn)
        for table in Base.metadata.sorted_tables:
            if "event_id" not in table.c or table.schema == "audit":
                continue
            where = sql.Identifier(str(table.schema), table.name)
            counted = sql.SQL("select event_id, count(*) from {} group by 1").format(where)
            events = conn.execute(
                "select event_id, row_count from audit.events"
                " where (table_schema, table_name) = (%s, %s) and operation in ('insert', 'update')",
                [table.schema, table.name],
            ).fetchall()
            # Positions are changed in place, so their older events count rows that name newer ones
            # now; replacements are kept by a trigger and name the event of their trades.
            if table.name not in ("positions", "trade_replacements"):
                assert sorted(conn.execute(counted).fetchall()) == sorted(events), table.fullname


def test_events_say_where_their_rows_lie(database: Target) -> None:
    with connected(database) as conn:
        loaded(conn)
        row = conn.execute(
            "select count(*) from trading.trades as t"
            " inner join audit.events as e using (event_id)"
            " where t.executed_at < e.time_from or t.executed_at >= e.time_to"
            " or t.account_id <> all(e.account_ids) or t.instrument_id <> all(e.instrument_ids)"
        ).fetchone()
        assert row == (0,)


def test_positions_equal_the_effective_trades(database: Target) -> None:
    with connected(database) as conn:
        loaded(conn)
        held: dict[tuple[int, int], Held] = defaultdict(lambda: FLAT)
        trades = conn.execute(
            "select t.account_id, t.instrument_id, t.side, t.quantity, t.price, i.multiplier"
            " from trading.effective_trades as t"
            " inner join reference.instruments as i using (instrument_id)"
            " order by t.executed_at, t.trade_id"
        )
        for account, instrument, side, quantity, price, multiplier in trades:
            delta = Fraction(quantity) * (1 if side == "buy" else -1)
            key = account, instrument
            held[key] = replayed(held[key], delta, Fraction(price), int(multiplier))
        positions = conn.execute(
            "select account_id, instrument_id, quantity, coalesce(average_price, 0), realized_pnl"
            " from trading.positions"
        ).fetchall()
        assert {(a, i): tuple(map(Fraction, rest)) for a, i, *rest in positions} == held


def test_positions_are_right_whenever_a_step_commits(database: Target) -> None:
    with connected(database) as conn:
        with pytest.raises(Killed):
            loaded(conn, lambda report: stop_in(report, "trading 2026-06"))
        conn.rollback()
        row = conn.execute(
            "select count(*), count(*) filter (where p.quantity is distinct from t.quantity)"
            " from (select account_id, instrument_id,"
            " sum(case side when 'buy' then quantity else -quantity end) as quantity"
            " from trading.effective_trades group by 1, 2) as t"
            " full join trading.positions as p using (account_id, instrument_id)"
        ).fetchone()
        assert row
        assert row[0] > 0
        assert row[1] == 0


def stop_in(report: Progress, step: str) -> None:
    if report.step == step:
        raise Killed


def test_keys_that_are_drawn_afterwards_are_new(database: Target) -> None:
    with connected(database) as conn:
        loaded(conn)
        row = conn.execute(
            "insert into reference.instruments (symbol, asset_type, currency)"
            " values ('NEXT', 'equity', 'USD') returning instrument_id"
            " > (select max(instrument_id) from reference.instruments)"
        ).fetchone()
        assert row == (True,)


def test_without_the_right_to_defer_the_checks_the_same_is_loaded(
    database: Target, server: Target, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connected(database) as conn:
        loaded(conn)
        deferred = contents(conn)
    monkeypatch.setattr("warehouse.demo.write.may_defer", lambda _: False)
    with scratch_database(server, template) as other, connected(other) as conn:
        loaded(conn)
        assert contents(conn) == deferred


def test_a_row_without_what_it_refers_to_fails_the_step(database: Target) -> None:
    with connected(database) as conn:
        loaded(conn)
        keys = ForeignKeys(conn)
        day = np.datetime64("2026-06-30")
        keys.note(chunk(DailyMark, {"instrument_id": np.array([10]), "day": day, "source_id": 1}))
        keys.check()
        keys.note(chunk(DailyMark, {"instrument_id": np.array([999]), "day": day, "source_id": 1}))
        with pytest.raises(ConstraintError, match="daily_marks_instrument_id_fkey"):
            keys.check()


def test_brin_ranges_are_summarized_and_statistics_there(database: Target) -> None:
    with connected(database) as conn:
        loaded(conn)
        row = conn.execute(
            "select sum(brin_summarize_new_values(c.oid)) from pg_class as c"
            " inner join pg_am as a on c.relam = a.oid"
            " where a.amname = 'brin' and c.relkind = 'i' and c.relname like 'bars_p%'"
        ).fetchone()
        assert row == (0,)
        bars = conn.execute("select reltuples from pg_class where relname = 'bars'").fetchone()
        assert bars
        assert bars[0] > 4_000
