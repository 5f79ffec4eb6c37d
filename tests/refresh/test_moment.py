"""What belongs together is refreshed to one moment, while loads and readers go on."""

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from psycopg import IsolationLevel

from tests.refresh.conftest import Desk, Wait, at
from warehouse.access import BUILD
from warehouse.refresh.marts import Mart, MartError, MartKind
from warehouse.refresh.moment import below, refresh_at_one_moment
from warehouse.refresh.runs import Outcome, refresh

# Two ways to count the same trades, and a view over both that says by how much they differ.
MARTS = """
    create schema marts authorization warehouse_build;
    set role warehouse_build;
    create materialized view marts.by_day as select 1 as one, sum(trades) as trades from rolled.flows;
    create unique index on marts.by_day (one);
    create materialized view marts.by_month as select 1 as one, sum(trades) as trades from rolled.totals;
    create unique index on marts.by_month (one);
    create materialized view marts.apart as
    select d.one, d.trades - m.trades as trades from marts.by_day d join marts.by_month m using (one);
    create unique index on marts.apart (one);
    reset role;
"""
APART = "select d.trades - m.trades, a.trades from marts.by_day d, marts.by_month m, marts.apart a"
COUNT = "select trades from marts.by_day"


@pytest.fixture
def counted(desk: Desk) -> Desk:
    desk.trade(1, at("03-05"))
    desk.conn.execute(MARTS)
    desk.refresh()
    return desk


def to_one_moment(desk: Desk) -> Outcome:
    with desk.session(BUILD) as conn:
        outcome = refresh_at_one_moment(conn, ["marts.apart"])
    assert outcome.failed == []
    return outcome


def test_all_below_is_refreshed_and_nothing_beside(counted: Desk) -> None:
    counted.trade(2, at("03-06"))
    done = {run.relation for run in to_one_moment(counted).runs}
    assert {"rolled.flows", "rolled.totals", "marts.by_day", "marts.by_month"} <= done
    assert "rolled.holdings" not in done
    assert counted.rows(COUNT) == [(2,)]
    assert to_one_moment(counted).runs == []
    with pytest.raises(MartError, match="marts.nothing: not built yet"):
        refresh_at_one_moment(counted.builder, ["marts.nothing"])


def test_readers_see_them_in_step_while_loads_and_other_refreshes_go_on(counted: Desk) -> None:
    stop = Event()

    def load(seed: int) -> int:
        draw, done = random.Random(seed), 0
        with counted.session() as conn:
            while not stop.is_set():
                counted.trade(draw.randint(1, 4), at(f"{draw.randint(1, 3):02}-07"), conn=conn)
                done += 1
        return done

    def roll_up() -> None:
        with counted.session(BUILD) as conn:
            while not stop.is_set():
                assert refresh(conn, ["flows", "totals", "holdings"]).failed == []

    def read() -> set[tuple[int, int]]:
        seen = set()
        with counted.session() as conn:
            conn.isolation_level = IsolationLevel.REPEATABLE_READ
            while not stop.is_set():
                seen |= set(conn.execute(APART).fetchall())
        return seen

    with ThreadPoolExecutor() as pool:
        loads = [pool.submit(load, seed) for seed in range(2)]
        beside, reader = pool.submit(roll_up), pool.submit(read)
        counts = []
        for _ in range(5):
            to_one_moment(counted)
            counts += counted.rows(COUNT)
        stop.set()
        booked = 1 + sum(each.result(timeout=30) for each in loads)
        beside.result(timeout=30)
    assert reader.result() == {(0, 0)}
    assert counts == sorted(counts)
    assert len(set(counts)) > 1
    to_one_moment(counted)
    assert counted.rows(COUNT) == [(booked,)]


def test_another_refresh_of_the_same_view_is_waited_for(counted: Desk, waits: Wait) -> None:
    counted.trade(2, at("03-06"))
    with counted.session(BUILD) as other, ThreadPoolExecutor() as pool:
        with other.transaction():
            other.execute("select ops.refresh_matview('marts.by_day', made => true)")
            second = pool.submit(to_one_moment, counted)
            waits("-- Are the materialized views ours")
        assert second.result(timeout=20).runs
    assert counted.rows(COUNT) == [(2,)]


def test_one_that_fails_leaves_all_as_they_were_and_is_named(counted: Desk) -> None:
    counted.builder.execute(
        "create materialized view marts.fails as"
        " select a.one, 1 / (2 - d.trades) as x from marts.apart a, marts.by_day d;"
        " create unique index on marts.fails (one)"
    )
    counted.trade(2, at("03-06"))
    with pytest.raises(MartError, match=r"marts\.fails: .*division by zero"):
        refresh_at_one_moment(counted.builder, ["marts.fails"])
    assert counted.rows(COUNT) == [(1,)]
    assert counted.rows("select pg_try_advisory_lock(hashtextextended('refresh marts.by_day', 0))")[
        0
    ] == (True,)


def test_what_a_mart_reads_is_found_down_to_the_first() -> None:
    def mart(name: str, *reads: str) -> Mart:
        return Mart(name, MartKind.MATVIEW, reads)

    marts = [mart("a"), mart("b", "a", "trading.trades"), mart("c"), mart("d", "b")]

    def names(found: Sequence[Mart]) -> list[str]:
        return [each.relation for each in found]

    assert names(below(marts, ["d"])) == ["a", "b", "d"]
    assert names(below(marts, ["c", "a"])) == ["a", "c"]
