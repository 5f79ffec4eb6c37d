"""What was archived comes back row for row, and nobody feels it."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from psycopg import Connection, connect

from tests.partitions.archive.conftest import (
    FEBRUARY,
    JANUARY,
    PARTITION,
    SIGNALS,
    differing,
    fill,
    maintain,
)
from tests.partitions.archive.test_archive import damage
from warehouse.db.target import Target
from warehouse.models.base import Base
from warehouse.partitions import ensure
from warehouse.partitions.archive import Archive, archive, restore
from warehouse.partitions.archive.errors import (
    ArchiveDamaged,
    ArchiveError,
    ColumnsChanged,
    PartitionStands,
    UnknownArchive,
)
from warehouse.partitions.archive.write import Layout
from warehouse.partitions.lock import Patience
from warehouse.partitions.planning import make_plan

HASTY = Patience(attempts=2, longest_wait=0.1)

Aside = Callable[[str, str], str]


@pytest.fixture
def archived(conn: Connection[Any], url: str, small: Layout) -> Archive:
    return archive(conn, SIGNALS, PARTITION, url, small)


def described(conn: Connection[Any], table: str) -> dict[str, Any]:
    """What a partition is made of, whatever it is called."""
    name = table.rpartition(".")[2]

    def told(statement: str) -> list[Any]:
        rows = conn.execute(statement, {"table": table}).fetchall()
        return sorted(str(row[0]).replace(table, "T").replace(name, "T") for row in rows)

    return {
        "indexes": told(
            "select pg_get_indexdef(indexrelid) from pg_index"
            " where indrelid = %(table)s::regclass and indisvalid"
        ),
        "constraints": told(
            "select concat(contype, conname, pg_get_constraintdef(oid), convalidated)"
            " from pg_constraint where conrelid = %(table)s::regclass"
        ),
        "columns": told(
            "select concat(attname, format_type(atttypid, atttypmod), attnotnull, attidentity)"
            " from pg_attribute where attrelid = %(table)s::regclass and attnum > 0"
        ),
        "comment": told("select obj_description(%(table)s::regclass, 'pg_class')"),
        "owner": told(
            "select concat(relowner::regrole, relacl) from pg_class where oid = %(table)s::regclass"
        ),
    }


def count(conn: Connection[Any]) -> int:
    row = conn.execute("select count(*) from trading.signals").fetchone()
    assert row
    return int(row[0])


# -- the same again --------------------------------------------------------------------------------


def test_a_restored_partition_is_the_one_that_was_archived(
    conn: Connection[Any], archived: Archive, keep_aside: Aside
) -> None:
    before = described(conn, PARTITION)
    original = keep_aside(SIGNALS, PARTITION)
    assert count(conn) == 0
    restored = restore(conn, archived.archive_id)
    assert (restored.state, restored.archive_id) == ("restored", archived.archive_id)
    assert restored.restored_at is not None
    assert differing(conn, PARTITION, original) == 0
    assert count(conn) == 3000
    assert described(conn, PARTITION) == before


def test_rows_keep_their_events(
    conn: Connection[Any], archived: Archive, keep_aside: Aside
) -> None:
    events = (
        "select count(*) from audit.events where table_schema = 'trading' and operation = 'insert'"
    )
    before = conn.execute(events).fetchone()
    keep_aside(SIGNALS, PARTITION)
    restore(conn, archived.archive_id)
    row = conn.execute("select min(event_id), max(event_id) from trading.signals").fetchone()
    assert row == (0, 300)
    assert conn.execute(events).fetchone() == before, "bringing rows back is not writing them"


def test_the_event_and_the_ledger_tell_of_it(
    conn: Connection[Any], archived: Archive, keep_aside: Aside
) -> None:
    keep_aside(SIGNALS, PARTITION)
    restore(conn, archived.archive_id)
    events = conn.execute(
        "select event_id, time_from, time_to from audit.events where operation = 'restore'"
    ).fetchall()
    runs = conn.execute(
        "select event_id, partition_name, state from ops.partition_runs where step = 'restore'"
    ).fetchall()
    assert [event[1:] for event in events] == [(JANUARY, FEBRUARY)]
    assert runs == [(events[0][0], PARTITION, "done")]


def test_what_was_restored_is_not_archived_again(
    conn: Connection[Any], archived: Archive, keep_aside: Aside, url: str
) -> None:
    keep_aside(SIGNALS, PARTITION)
    restored = restore(conn, archived.archive_id)
    assert archive(conn, SIGNALS, PARTITION, url) == restored


def test_what_was_restored_and_written_to_is_archived_anew(
    conn: Connection[Any], archived: Archive, keep_aside: Aside, url: str
) -> None:
    keep_aside(SIGNALS, PARTITION)
    restore(conn, archived.archive_id)
    maintain(conn, "delete from trading.signals where signal_id = 9")
    anew = archive(conn, SIGNALS, PARTITION, url)
    assert (anew.archive_id > archived.archive_id, anew.row_count) == (True, 2999)
    states = conn.execute("select state from ops.archives order by archive_id").fetchall()
    assert states == [("superseded",), ("verified",)]


def test_a_partition_can_go_and_come_back_as_often_as_one_likes(
    conn: Connection[Any], archived: Archive, keep_aside: Aside
) -> None:
    original = keep_aside(SIGNALS, PARTITION)
    for _ in range(2):
        restore(conn, archived.archive_id)
        assert differing(conn, PARTITION, original) == 0
        conn.execute("alter table trading.signals detach partition trading.signals_p20260101")
        conn.execute("drop table trading.signals_p20260101")


# -- what stands in the way ------------------------------------------------------------------------


def test_an_unknown_archive_is_told(conn: Connection[Any]) -> None:
    with pytest.raises(UnknownArchive, match=r"no archive 4711; nothing was done"):
        restore(conn, 4711)


def test_a_partition_that_stands_is_left_alone(conn: Connection[Any], archived: Archive) -> None:
    with pytest.raises(PartitionStands, match=r"signals_p20260101 stands, attached to"):
        restore(conn, archived.archive_id)
    assert count(conn) == 3000


def test_a_detached_table_of_the_name_is_left_alone(
    conn: Connection[Any], archived: Archive
) -> None:
    conn.execute("alter table trading.signals detach partition trading.signals_p20260101")
    with pytest.raises(PartitionStands, match=r"stands as a table of its own.*partitions attach"):
        restore(conn, archived.archive_id)
    assert conn.execute("select count(*) from trading.signals_p20260101").fetchone() == (3000,)


def test_a_partition_across_its_time_is_named(
    conn: Connection[Any], archived: Archive, keep_aside: Aside
) -> None:
    keep_aside(SIGNALS, PARTITION)
    conn.execute(
        "create table trading.signals_odd partition of trading.signals"
        " for values from ('2026-01-15 00:00Z') to ('2026-01-16 00:00Z')"
    )
    with pytest.raises(PartitionStands, match=r"trading\.signals_odd stands"):
        restore(conn, archived.archive_id)


@pytest.mark.parametrize("how", ["altered", "cut", "missing"])
def test_a_damaged_file_is_refused_by_its_name_and_nothing_is_left(
    conn: Connection[Any], archived: Archive, keep_aside: Aside, how: str
) -> None:
    keep_aside(SIGNALS, PARTITION)
    damage(Path(archived.location.removeprefix("file://"), "part-00002.parquet"), how)
    with pytest.raises(ArchiveDamaged, match=r"part-00002\.parquet is (damaged|missing)"):
        restore(conn, archived.archive_id)
    assert conn.execute("select to_regclass('trading.signals_p20260101')").fetchone() == (None,)


def test_a_missing_folder_is_told(
    conn: Connection[Any], archived: Archive, keep_aside: Aside
) -> None:
    keep_aside(SIGNALS, PARTITION)
    shutil.rmtree(archived.location.removeprefix("file://"))
    with pytest.raises(ArchiveDamaged, match=r"part-00000\.parquet is missing"):
        restore(conn, archived.archive_id)


def test_rows_whose_account_is_gone_stay_out_and_the_next_run_goes_on(
    conn: Connection[Any], archived: Archive, keep_aside: Aside
) -> None:
    original = keep_aside(SIGNALS, PARTITION)
    conn.execute("alter table aside.signals_p20260101 drop constraint signals_strategy_id_fkey")
    conn.execute("update reference.strategies set strategy_id = 9 where strategy_id = 2")
    with pytest.raises(
        ArchiveError, match=r"refers to a row that is not there.*Readers saw nothing"
    ):
        restore(conn, archived.archive_id)
    assert count(conn) == 0
    conn.execute("update reference.strategies set strategy_id = 2 where strategy_id = 9")
    assert restore(conn, archived.archive_id).state == "restored"
    assert differing(conn, PARTITION, original) == 0


# -- columns that changed --------------------------------------------------------------------------


def test_columns_added_since_are_null_or_their_default(
    conn: Connection[Any], archived: Archive, keep_aside: Aside
) -> None:
    keep_aside(SIGNALS, PARTITION)
    conn.execute("alter table trading.signals add note text, add weight integer not null default 3")
    restore(conn, archived.archive_id)
    row = conn.execute("select count(*) from trading.signals where note is null and weight = 3")
    assert row.fetchone() == (3000,)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("drop strength", r"column strength \(double precision\) is in the archive and no longer"),
        ("alter strength type real", r"column strength was double precision and is real"),
        ("rename strength to force", r"column strength .* no longer in the table"),
        ("add must text not null", r"column must was added, must have a value and has no default"),
    ],
)
def test_columns_that_do_not_fit_are_named(
    conn: Connection[Any], archived: Archive, keep_aside: Aside, change: str, complaint: str
) -> None:
    keep_aside(SIGNALS, PARTITION)
    conn.execute("drop view if exists trading.latest_signals")
    conn.execute(f"alter table trading.signals {change}")
    with pytest.raises(ColumnsChanged, match=complaint + r".*Nothing was restored"):
        restore(conn, archived.archive_id)
    assert conn.execute("select to_regclass('trading.signals_p20260101')").fetchone() == (None,)


# -- others ----------------------------------------------------------------------------------------


def test_a_long_reader_of_the_parent_neither_waits_nor_sees_half(
    conn: Connection[Any], database: Target, archived: Archive, keep_aside: Aside
) -> None:
    keep_aside(SIGNALS, PARTITION)
    ensure(conn, Base.metadata.tables[SIGNALS], FEBRUARY, datetime(2026, 3, 1, tzinfo=UTC))
    with connect(**database.keywords()) as reader:
        reader.execute("set transaction isolation level repeatable read")
        reader.execute("select count(*) from trading.signals")
        seen: set[int] = set()
        done = Event()

        def watch() -> None:
            with connect(**database.keywords(), autocommit=True) as watcher:
                watcher.execute("set statement_timeout = '2s'")
                while not done.is_set():
                    seen.add(count(watcher))

        watching = Thread(target=watch)
        watching.start()
        try:
            restore(conn, archived.archive_id)
        finally:
            done.set()
            watching.join()
        assert seen <= {0, 3000}
        assert count(reader) == 0, "its snapshot is from before"
    assert count(conn) == 3000


def test_a_reader_of_what_the_keys_refer_to_holds_the_attach_up_but_loses_nothing(
    conn: Connection[Any], database: Target, archived: Archive, keep_aside: Aside
) -> None:
    original = keep_aside(SIGNALS, PARTITION)
    with connect(**database.keywords()) as reader:
        reader.execute("select count(*) from reference.instruments")
        with pytest.raises(ArchiveError, match="could not be restored.*run it again"):
            restore(conn, archived.archive_id, HASTY)
        reader.rollback()
    marked = "select obj_description('trading.signals_p20260101'::regclass, 'pg_class')"
    assert "loaded, not attached yet" in str(conn.execute(marked).fetchone())
    restore(conn, archived.archive_id)
    assert differing(conn, PARTITION, original) == 0
    assert conn.execute(marked).fetchone() == (None,)


def test_writers_into_live_partitions_go_on(
    conn: Connection[Any], database: Target, archived: Archive, keep_aside: Aside
) -> None:
    keep_aside(SIGNALS, PARTITION)
    ensure(conn, Base.metadata.tables[SIGNALS], FEBRUARY, datetime(2026, 3, 1, tzinfo=UTC))
    done, written, errors = Event(), [0], list[Exception]()

    def insert() -> None:
        statement = (
            "insert into trading.signals (account_id, signal_at, strategy_id, instrument_id,"
            " direction) values (1, '2026-02-10', 1, 1, 'flat')"
        )
        with connect(**database.keywords(), autocommit=True) as writer:
            while not done.is_set():
                try:
                    writer.execute(statement)
                    written[0] += 1
                except Exception as error:  # noqa: BLE001 - any error is what the test is about
                    errors.append(error)

    writing = Thread(target=insert)
    writing.start()
    try:
        restore(conn, archived.archive_id)
    finally:
        done.set()
        writing.join()
    assert not errors
    assert written[0] > 0
    assert count(conn) == 3000 + written[0]


def test_the_restored_rows_can_be_written_to_by_the_parent(
    conn: Connection[Any], archived: Archive, keep_aside: Aside
) -> None:
    keep_aside(SIGNALS, PARTITION)
    restore(conn, archived.archive_id)
    maintain(conn, "delete from trading.signals")
    fill(conn, 10)
    assert count(conn) == 10


@pytest.mark.parametrize("interval", ["1 month", "3 months"])
def test_the_time_beside_what_was_brought_back_is_no_gap(
    conn: Connection[Any], url: str, keep_aside: Aside, interval: str
) -> None:
    archived = archive(conn, SIGNALS, PARTITION, url)
    keep_aside(SIGNALS, PARTITION)
    restore(conn, archived.archive_id)
    conn.execute(
        "update ops.partition_policy set partition_interval = %s where parent_table = %s",
        [interval, SIGNALS],
    )
    plan = make_plan(conn, datetime(2027, 11, 20, tzinfo=UTC), [SIGNALS])
    assert plan.problems == []
    assert plan.steps[0].bounds.end > datetime(2027, 11, 20, tzinfo=UTC)
