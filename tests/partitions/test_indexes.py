"""Indexes come, are rebuilt and go while their table is in use, and a killed run is carried on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event
from typing import Any

import pytest
import typer
from psycopg import Connection, connect
from psycopg.errors import Error
from typer.testing import CliRunner

from tests.partitions.conftest import Scene
from warehouse.cli import partition_indexes
from warehouse.db.target import Target
from warehouse.errors import BusyError, StatementError
from warehouse.models.base import Base
from warehouse.partitions import ensure, ledger
from warehouse.partitions.index_catalog import IndexRefused, columns_of, read_index, split_name
from warehouse.partitions.index_runs import SETTINGS, Waits, add_index, drop_index, reindex, working
from warehouse.partitions.indexes import OnlineIndex, part_name, plan_add, plan_drop

INDEX = OnlineIndex("bars_source_idx", "market", "bars", ("source_id", "bar_at"))
HURRIED = Waits(short="100ms", build="200ms")
PARTITIONS = ("bars_p20260101", "bars_p20260201", "bars_p20260301")
BAR = (
    "insert into market.bars (instrument_id, frequency, bar_at, source_id, open, high, low, close,"
    " volume) values (1, '1m', %s, 1, 1, 1, 1, 1, 1)"
)


def three_months_of_bars(scene: Scene) -> None:
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    ensure(scene.conn, Base.metadata.tables["market.bars"], start, end)
    scene.dimensions()


STAGES = {"conn": three_months_of_bars}


@pytest.fixture
def conn(database: Target) -> Iterator[Connection[Any]]:
    with connect(**database.keywords(), autocommit=True) as conn:
        yield conn


@contextmanager
def writer(database: Target, partition: str = "bars_p20260201") -> Iterator[Connection[Any]]:
    """A transaction that has written to a partition and is still open: builds there wait for it."""
    with connect(**database.keywords()) as other:
        other.execute(f"lock table market.{partition} in row exclusive mode")
        yield other
        other.rollback()


def parts(conn: Connection[Any]) -> dict[str, bool]:
    """Everything over those columns, with whether it is valid."""
    return dict(
        conn.execute(
            "select c.relname, i.indisvalid from pg_index i join pg_class c on c.oid = i.indexrelid"
            " where pg_get_indexdef(i.indexrelid) like '%(source_id, bar_at)%' order by 1"
        ).fetchall()
    )


def whole() -> dict[str, bool]:
    return {INDEX.name: True} | {f"{name}_source_idx": True for name in PARTITIONS}


def invalid(conn: Connection[Any]) -> list[str]:
    rows = conn.execute("select indexrelid::regclass::text from pg_index where not indisvalid")
    return [name for (name,) in rows]


def oids(conn: Connection[Any]) -> dict[str, int]:
    """A rebuilt index has a new oid under its old name."""
    return dict(
        conn.execute(
            "select c.relname, c.oid from pg_class c join pg_inherits h on h.inhrelid = c.oid"
            " where h.inhparent = 'market.bars_bar_at_idx'::regclass"
        ).fetchall()
    )


def eventually(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.02)


def statements(conn: Connection[Any], pattern: str) -> int:
    row = conn.execute(
        "select count(*) from pg_stat_activity where query ilike %s and state = 'active'"
        " and pid <> pg_backend_pid() and datname = current_database()",
        [pattern],
    ).fetchone()
    return row[0] if row else 0


@contextmanager
def killed(database: Target, call: str) -> Iterator[subprocess.Popen[bytes]]:
    """A run of its own process, for SIGKILL."""
    code = (
        "import os; from psycopg import connect; from warehouse.partitions import index_runs as r;"
        "from warehouse.partitions.indexes import OnlineIndex;"
        f"conn = connect(os.environ['TARGET'], autocommit=True); {call}"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", code], env=os.environ | {"TARGET": database.conninfo}
    )
    try:
        yield run
    finally:
        run.kill()
        run.wait()


# -- adding ----------------------------------------------------------------------------------------


def test_rows_come_in_while_the_index_is_built(database: Target, conn: Connection[Any]) -> None:
    stop = Event()

    def write() -> int:
        written = 0
        with connect(**database.keywords(), autocommit=True) as other:
            other.execute("set lock_timeout = '2s'")
            while not stop.is_set():
                other.execute(
                    BAR, [datetime(2026, 2, 1, second=0, microsecond=written, tzinfo=UTC)]
                )
                written += 1
        return written

    with ThreadPoolExecutor() as pool:
        writing = pool.submit(write)
        for _ in range(3):
            add_index(conn, INDEX)
            assert parts(conn) == whole()
            drop_index(conn, "market", INDEX.name)
            assert parts(conn) == {}
        stop.set()
        assert writing.result() > 0


def test_a_run_killed_in_a_build_is_carried_on(database: Target, conn: Connection[Any]) -> None:
    call = f"r.add_index(conn, OnlineIndex{(INDEX.name, 'market', 'bars', INDEX.columns)!r})"
    with writer(database), killed(database, call) as run:
        eventually(lambda: parts(conn).get("bars_p20260201_source_idx") is False)
        run.send_signal(signal.SIGKILL)
        eventually(lambda: not statements(conn, "create%index concurrently%"))
    assert parts(conn)["bars_p20260101_source_idx"]
    assert invalid(conn) == ["market.bars_source_idx", "market.bars_p20260201_source_idx"]
    kept = read_index(conn, "market", "bars_p20260101_source_idx")
    steps = add_index(conn, INDEX)
    assert parts(conn) == whole()
    assert invalid(conn) == []
    assert read_index(conn, "market", "bars_p20260101_source_idx") == kept
    assert {step.table for step in steps} == {"bars_p20260201", "bars_p20260301"}


def test_a_build_that_waits_too_long_says_for_whom_and_leaves_nothing_invalid_for_long(
    database: Target, conn: Connection[Any]
) -> None:
    with writer(database) as other:
        with pytest.raises(StatementError, match=f"server process {other.info.backend_pid}"):
            add_index(conn, INDEX, HURRIED)
        assert "bars_p20260101_source_idx" in parts(conn)
    add_index(conn, INDEX)
    assert parts(conn) == whole()
    assert invalid(conn) == []


def test_a_unique_index_that_rows_contradict_leaves_no_invalid_part(
    conn: Connection[Any],
) -> None:
    conn.execute("create table market.twice (at timestamptz, n int) partition by range (at)")
    conn.execute(
        "create table market.twice_p1 partition of market.twice"
        " for values from ('2026-01-01') to ('2026-02-01')"
    )
    conn.execute("alter table market.twice owner to warehouse_owner")
    conn.execute("alter table market.twice_p1 owner to warehouse_owner")
    conn.execute("insert into market.twice values ('2026-01-02', 1), ('2026-01-02', 1)")
    index = OnlineIndex("twice_at_idx", "market", "twice", ("at",), unique=True)
    with pytest.raises(StatementError, match="INVALID index was dropped"):
        add_index(conn, index)
    assert invalid(conn) == ["market.twice_at_idx"]  # the whole waits for its part
    drop_index(conn, "market", "twice_at_idx")
    assert invalid(conn) == []


def test_a_partition_made_between_two_runs_gets_its_part(
    database: Target, conn: Connection[Any]
) -> None:
    with writer(database), pytest.raises(StatementError):
        add_index(conn, INDEX, HURRIED)
    april = datetime(2026, 4, 1, tzinfo=UTC)
    ensure(conn, Base.metadata.tables["market.bars"], april, april.replace(day=2))
    add_index(conn, INDEX)
    assert len(parts(conn)) == 5
    assert invalid(conn) == []


def test_adding_again_does_nothing(conn: Connection[Any]) -> None:
    add_index(conn, INDEX)
    assert add_index(conn, INDEX) == []
    assert plan_add(conn, INDEX) == []


def test_two_runs_at_once_and_one_says_so(
    database: Target, conn: Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SETTINGS, "lock_timeout", "100ms")
    with (
        connect(**database.keywords(), autocommit=True) as other,
        working(other, "market.bars"),
        pytest.raises(BusyError, match=r"Another run works on the indexes of market\.bars"),
    ):
        add_index(conn, INDEX)
    assert parts(conn) == {}
    add_index(conn, INDEX)
    assert parts(conn) == whole()


def test_the_session_is_left_as_it_was(conn: Connection[Any]) -> None:
    show = (
        "select current_user, current_setting('lock_timeout'),"
        " (select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid())"
    )
    before = conn.execute(show).fetchone()
    add_index(conn, INDEX)
    assert conn.execute(show).fetchone() == before


def test_what_was_done_is_in_the_ledger(conn: Connection[Any]) -> None:
    steps = add_index(conn, INDEX)
    rows = conn.execute(
        "select parent_table, step, state, attempts, started_at <= finished_at"
        " from ops.partition_runs order by step_no"
    ).fetchall()
    assert rows == [("market.bars", "index", "done", 1, True)] * len(steps)


def test_no_step_goes_without_its_event(conn: Connection[Any]) -> None:
    made = add_index(conn, INDEX)
    dropped = drop_index(conn, "market", INDEX.name)
    rows = conn.execute(
        "select r.step, e.operation, e.table_schema, e.table_name, e.row_count"
        " from ops.partition_runs as r left join audit.events as e using (event_id)"
        " where r.step in ('index', 'drop_index') order by r.event_id"
    ).fetchall()
    assert rows == [
        *[("index", "index", "market", "bars", 0)] * len(made),
        *[("drop_index", "drop_index", "market", "bars", 0)] * len(dropped),
    ]


def test_a_step_that_fails_has_left_its_event(conn: Connection[Any], database: Target) -> None:
    with writer(database), pytest.raises(StatementError):
        add_index(conn, INDEX, HURRIED)
    rows = conn.execute(
        "select r.partition_name, e.operation from ops.partition_runs as r"
        " join audit.events as e using (event_id) where r.state = 'failed'"
    ).fetchall()
    assert rows == [("market.bars_p20260201", "index")]


# -- rebuilding ------------------------------------------------------------------------------------


def test_every_index_of_every_partition_is_built_anew(conn: Connection[Any]) -> None:
    before = oids(conn)
    reindex(conn, "market", "bars")
    after = oids(conn)
    assert before.keys() == after.keys()
    assert not set(before.values()) & set(after.values())
    assert invalid(conn) == []


def test_a_killed_rebuild_goes_on_where_it_was(database: Target, conn: Connection[Any]) -> None:
    before = oids(conn)
    with (
        writer(database),
        killed(database, "r.reindex(conn, 'market', 'bars', 'bars_bar_at_idx')") as run,
    ):
        # Of the partition that is written to: the one before it is invalid for a moment, too.
        eventually(lambda: any("bars_p20260201" in name for name in invalid(conn)))
        run.send_signal(signal.SIGKILL)
        eventually(lambda: not statements(conn, "reindex%"))
    assert [name for name in invalid(conn) if "_ccnew" in name]
    between = oids(conn)
    assert [name for name in before if before[name] != between[name]] == [
        "bars_p20260101_bar_at_idx"
    ]
    reindex(conn, "market", "bars", "bars_bar_at_idx")
    after = oids(conn)
    assert invalid(conn) == []
    assert after["bars_p20260101_bar_at_idx"] == between["bars_p20260101_bar_at_idx"]
    assert len(set(after.values()) & set(before.values())) == 0


def test_a_finished_rebuild_is_no_reason_to_skip_the_next(conn: Connection[Any]) -> None:
    reindex(conn, "market", "bars", "bars_bar_at_idx")
    before = oids(conn)
    reindex(conn, "market", "bars", "bars_bar_at_idx")
    assert not set(before.values()) & set(oids(conn).values())


def test_a_cut_short_rebuild_of_one_index_skips_nothing_of_another(
    database: Target, conn: Connection[Any]
) -> None:
    with writer(database), pytest.raises(StatementError):
        reindex(conn, "market", "bars", "bars_event_id_idx", HURRIED)
    before = oids(conn)
    reindex(conn, "market", "bars", "bars_bar_at_idx")
    assert not set(before.values()) & set(oids(conn).values())


# -- dropping --------------------------------------------------------------------------------------


def test_dropping_takes_what_a_cut_short_build_left(
    database: Target, conn: Connection[Any]
) -> None:
    conn.execute("create index bars_source_idx on only market.bars (source_id, bar_at)")
    conn.execute(
        "create index bars_p20260101_source_idx on market.bars_p20260101 (source_id, bar_at)"
    )
    drop_index(conn, "market", "bars_source_idx")
    assert parts(conn) == {}


@pytest.mark.parametrize(
    "next_run",
    [
        lambda conn: ledger.settle(conn, []),  # as every `apply` does first
        lambda conn: drop_index(conn, "market", INDEX.name),
    ],
    ids=["apply", "drop-index"],
)
def test_a_step_that_a_killed_drop_left_running_is_closed_by_the_next_run(
    database: Target, conn: Connection[Any], next_run: Callable[[Connection[Any]], object]
) -> None:
    add_index(conn, INDEX)
    with writer(database), killed(database, f"r.drop_index(conn, 'market', '{INDEX.name}')") as run:
        eventually(lambda: bool(statements(conn, "drop index%")))
        run.send_signal(signal.SIGKILL)
        eventually(lambda: not statements(conn, "drop index%"))
    next_run(conn)
    open_ = "select from ops.partition_runs where state in ('planned', 'running')"
    assert conn.execute(open_).rowcount == 0
    left = "select error from ops.partition_runs where state = 'abandoned'"
    assert conn.execute(left).fetchall() == [("the run ended in this step",)]


def test_a_drop_waits_its_turn_and_then_gives_way(database: Target, conn: Connection[Any]) -> None:
    add_index(conn, INDEX)
    with connect(**database.keywords()) as reader:
        reader.execute("select count(*) from market.bars")
        with pytest.raises(Error, match="lock timeout"):
            drop_index(conn, "market", INDEX.name, HURRIED)
        assert parts(conn) == whole()
        reader.rollback()
    drop_index(conn, "market", INDEX.name, HURRIED)
    assert parts(conn) == {}


# -- bad input -------------------------------------------------------------------------------------


def test_a_table_that_is_not_there_is_named(conn: Connection[Any]) -> None:
    with pytest.raises(IndexRefused, match=r"There is no table market\.barz; nothing was changed"):
        add_index(conn, OnlineIndex("barz_idx", "market", "barz", ("source_id",)))
    with pytest.raises(IndexRefused, match=r"There is no table market\.barz"):
        reindex(conn, "market", "barz")


def test_a_column_that_is_not_there_is_told_with_those_that_are(conn: Connection[Any]) -> None:
    with pytest.raises(IndexRefused, match=r"has no column price; .* It has instrument_id, "):
        columns_of(conn, "market", "bars", ["price"])
    assert columns_of(conn, "market", "bars", [" bar_at desc"]) == (['"bar_at" desc'], ["bar_at"])
    for word in ("", "bar_at sideways", "bar_at); drop table market.bars; --"):
        with pytest.raises(IndexRefused):
            columns_of(conn, "market", "bars", [word])


def test_an_index_that_is_not_there_or_not_the_tables_is_named(conn: Connection[Any]) -> None:
    with pytest.raises(IndexRefused, match=r"There is no index market\.nothing"):
        drop_index(conn, "market", "nothing")
    with pytest.raises(IndexRefused, match=r"market\.bars has no index trades_pkey"):
        reindex(conn, "market", "bars", "trades_pkey")


def test_keys_and_parts_are_not_dropped(conn: Connection[Any]) -> None:
    with pytest.raises(IndexRefused, match="A key goes with a migration"):
        plan_drop(conn, "market", "bars_pkey")
    with pytest.raises(IndexRefused, match=r"Drop market\.bars_bar_at_idx"):
        plan_drop(conn, "market", "bars_p20260101_bar_at_idx")


def test_another_index_of_the_same_name_is_not_carried_on(conn: Connection[Any]) -> None:
    add_index(conn, INDEX)
    other = OnlineIndex(INDEX.name, "market", "bars", ("event_id",))
    with pytest.raises(IndexRefused, match="is another index: CREATE INDEX"):
        add_index(conn, other)


def test_a_name_that_something_else_has_is_told_before_anything_is_made(
    conn: Connection[Any],
) -> None:
    conn.execute("create table market.bars_p20260301_source_idx ()")
    with pytest.raises(IndexRefused, match="is taken by something else"):
        add_index(conn, INDEX)
    assert parts(conn) == {}


@pytest.mark.parametrize("name", ["bars", "", "a.b.c", ".bars", "market."])
def test_half_a_name_is_refused(name: str) -> None:
    with pytest.raises(IndexRefused, match=r"write it as schema\.name"):
        split_name(name)


def test_long_names_are_cut_so_that_they_stay_apart() -> None:
    table = "a" * 50
    names = {part_name(f"{table}_{n}_idx", table, f"{table}_p20260101") for n in range(1000, 1100)}
    assert len(names) == 100
    assert all(len(name) <= 63 for name in names)


# -- commands --------------------------------------------------------------------------------------


def test_the_commands_print_the_sql_and_run_it(conn: Connection[Any]) -> None:
    app = typer.Typer()
    partition_indexes.register(app)

    def run(*words: str) -> str:
        result = CliRunner().invoke(app, words, catch_exceptions=False)
        assert result.exit_code == 0
        return result.output

    wanted = ("add-index", "market.bars", "source_id, bar_at", "--name", INDEX.name)
    planned = run(*wanted, "--dry-run")
    assert parts(conn) == {}
    assert planned.count("concurrently") == 3
    assert run(*wanted) == planned
    assert parts(conn) == whole()
    assert "The index stands" in run(*wanted)
    assert run("reindex", "market.bars", "--index", INDEX.name).count("reindex index") == 3
    run("drop-index", f"market.{INDEX.name}")
    assert parts(conn) == {}


def test_a_drop_that_was_killed_after_it_was_through_is_closed(conn: Connection[Any]) -> None:
    conn.execute(
        "insert into ops.partition_runs (plan_id, step_no, parent_table, partition_name, step, state,"
        " started_at) values (gen_random_uuid(), 1, 'market.bars', 'market.bars', 'drop_index',"
        " 'running', now())"
    )
    with pytest.raises(IndexRefused, match="no index"):
        drop_index(conn, "market", "bars_source_idx")
    (state,) = conn.execute("select state from ops.partition_runs where step = 'drop_index'")
    assert state == ("abandoned",)
