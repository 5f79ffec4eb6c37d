"""A partition is archived whole or not at all, is proved, and can be read by anyone."""

import errno
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from psycopg import Connection, connect

from tests.partitions.archive.conftest import (
    FEBRUARY,
    JANUARY,
    PARTITION,
    SIGNALS,
    fill,
    maintain,
)
from warehouse.db.target import Target
from warehouse.errors import BusyError
from warehouse.partitions.archive import Archive, archive, records, verify
from warehouse.partitions.archive.errors import (
    ArchiveDamaged,
    ArchiveError,
    ArchiveFailed,
    PartitionChanged,
    UnknownArchive,
    UnknownPartition,
)
from warehouse.partitions.archive.write import Layout
from warehouse.partitions.policy import NoPolicy


def files(archived: Archive) -> list[str]:
    return sorted(path.name for path in Path(archived.location.removeprefix("file://")).iterdir())


def count(conn: Connection[Any], statement: str) -> int:
    row = conn.execute(statement).fetchone()
    assert row
    return int(row[0])


# -- what an archive is ----------------------------------------------------------------------------


def test_an_archive_is_verified_and_says_what_it_holds(
    conn: Connection[Any], url: str, small: Layout
) -> None:
    archived = archive(conn, SIGNALS, PARTITION, url, small)
    assert (archived.state, archived.row_count, archived.parent) == ("verified", 3000, SIGNALS)
    assert archived.verified_at is not None
    manifest = archived.contents()
    assert (manifest.range_from, manifest.range_to) == (JANUARY, FEBRUARY)
    assert [file.rows for file in manifest.files] == [1000, 1000, 1000]
    assert manifest.key == ["account_id", "signal_at", "signal_id"]
    assert manifest.audit_root is None
    by_name = {column.name: column for column in manifest.columns}
    assert (by_name["signal_id"].minimum, by_name["signal_id"].maximum) == ("1", "3000")
    assert (by_name["strength"].type, by_name["strength"].nulls) == ("double precision", 750)
    assert by_name["signal_at"].minimum == "2026-01-01T00:07:00.000001+00:00"


def test_the_manifest_beside_the_files_is_the_databases(
    conn: Connection[Any], url: str, small: Layout
) -> None:
    archived = archive(conn, SIGNALS, PARTITION, url, small)
    page = Path(archived.location.removeprefix("file://"), "_manifest.json").read_text()
    assert json.loads(page) == archived.manifest
    assert archived.contents().format_version == 1


def test_row_groups_follow_the_key(conn: Connection[Any], url: str, small: Layout) -> None:
    import pyarrow.parquet as pq

    archived = archive(conn, SIGNALS, PARTITION, url, small)
    seen: list[tuple[int, datetime]] = []
    for file in archived.contents().files:
        opened = pq.ParquetFile(Path(archived.location.removeprefix("file://"), file.name))
        assert opened.metadata.num_row_groups == 2
        held = opened.metadata.row_group(0).column(0)
        assert (held.compression, held.statistics.has_min_max) == ("ZSTD", True)
        table = opened.read(["account_id", "signal_at"])
        seen += zip(*(column.to_pylist() for column in table.columns), strict=True)
    assert seen == sorted(seen)


def test_the_event_names_the_table_and_the_range(conn: Connection[Any], url: str) -> None:
    archive(conn, SIGNALS, PARTITION, url)
    row = conn.execute(
        "select table_schema, table_name, time_from, time_to from audit.events"
        " where operation = 'archive'"
    ).fetchall()
    assert row == [("trading", "signals", JANUARY, FEBRUARY)]


def test_an_empty_partition_makes_one_file_with_its_columns(
    conn: Connection[Any], url: str
) -> None:
    import duckdb

    maintain(conn, "delete from trading.signals")
    archived = archive(conn, SIGNALS, PARTITION, url)
    assert (archived.state, archived.row_count) == ("verified", 0)
    found = duckdb.read_parquet(f"{archived.location.removeprefix('file://')}/*.parquet")
    assert found.columns[:3] == ["account_id", "signal_at", "signal_id"]
    assert found.fetchall() == []


def test_an_archive_may_lie_anywhere_that_fsspec_reaches(conn: Connection[Any]) -> None:
    archived = archive(conn, SIGNALS, PARTITION, "memory://archives")
    assert verify(conn, archived.archive_id).state == "verified"
    assert fsspec.filesystem("memory").find("/archives")
    fsspec.filesystem("memory").rm("/archives", recursive=True)


# -- read by anyone --------------------------------------------------------------------------------


def test_the_files_open_in_duckdb_polars_and_pandas_as_they_are(
    conn: Connection[Any], url: str, small: Layout
) -> None:
    import duckdb
    import pandas as pd
    import polars as pl

    archived = archive(conn, SIGNALS, PARTITION, url, small)
    folder = archived.location.removeprefix("file://")
    names = [column.name for column in archived.contents().columns]
    asked = "count(*), min(signal_at), sum(strength), sum((payload->>'n')::int)"
    row = conn.execute(f"select {asked} from trading.signals_p20260101").fetchone()
    assert row

    duck = duckdb.read_parquet(f"{folder}/*.parquet")
    assert duck.columns == names
    (told,) = duck.aggregate(asked).fetchall()
    assert (told[0], told[1], told[3]) == (row[0], row[1], row[3])
    assert told[2] == pytest.approx(row[2])

    polar = pl.read_parquet(f"{folder}/*.parquet")
    assert polar.columns == names
    assert (len(polar), polar["signal_at"].min()) == row[:2]

    panda = pd.read_parquet(folder)
    assert list(panda.columns) == names
    assert (len(panda), panda["signal_at"].min().to_pydatetime()) == row[:2]


# -- again -----------------------------------------------------------------------------------------


def test_what_is_archived_is_not_archived_again(conn: Connection[Any], url: str) -> None:
    archived = archive(conn, SIGNALS, PARTITION, url)
    assert archive(conn, SIGNALS, PARTITION, url) == archived


def test_a_partition_written_to_since_is_archived_anew(conn: Connection[Any], url: str) -> None:
    first = archive(conn, SIGNALS, PARTITION, url)
    maintain(conn, "update trading.signals set strength = 7 where signal_id = 9")
    second = archive(conn, SIGNALS, PARTITION, url)
    assert second.archive_id != first.archive_id
    states = conn.execute("select archive_id, state from ops.archives order by 1").fetchall()
    assert states == [(first.archive_id, "superseded"), (second.archive_id, "verified")]
    assert files(first), "the older archive's files are kept"


def test_two_at_once_are_told_apart(
    conn: Connection[Any], database: Target, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "TURN", "100ms")
    lock = "select pg_advisory_lock(hashtextextended('warehouse archive ' || %s, 0))"
    with connect(**database.keywords(), autocommit=True) as other:
        other.execute(lock, [PARTITION])
        with pytest.raises(BusyError, match=r"signals_p20260101; nothing was done"):
            archive(conn, SIGNALS, PARTITION, url)


def test_writers_and_readers_go_on_while_a_partition_is_archived(
    conn: Connection[Any], database: Target, url: str
) -> None:
    with connect(**database.keywords()) as reader, connect(**database.keywords()) as writer:
        reader.execute("select count(*) from trading.signals")
        writer.execute("set role warehouse_maintain")
        writer.execute("update trading.signals set strength = 1 where signal_id = 1")
        assert archive(conn, SIGNALS, PARTITION, url).state == "verified"
        writer.rollback()


# -- what goes wrong -------------------------------------------------------------------------------


def test_unknown_names_are_told(conn: Connection[Any], url: str) -> None:
    with pytest.raises(UnknownPartition, match=r"trading\.signals has no partition nothing_p1"):
        archive(conn, SIGNALS, "nothing_p1", url)
    with pytest.raises(NoPolicy, match=r"trading\.signal\b.*Did you mean trading\.signals"):
        archive(conn, "trading.signal", PARTITION, url)
    with pytest.raises(UnknownArchive, match="no archive 4711"):
        verify(conn, 4711)
    with pytest.raises(ArchiveError, match=r"nowhere://x\S* cannot be reached"):
        archive(conn, SIGNALS, PARTITION, "nowhere://x")
    assert count(conn, "select count(*) from ops.archives") == 0


@pytest.mark.parametrize("how", ["altered", "cut", "missing"])
def test_a_damaged_file_is_refused_by_its_name(
    conn: Connection[Any], url: str, small: Layout, how: str
) -> None:
    archived = archive(conn, SIGNALS, PARTITION, url, small)
    damage(Path(archived.location.removeprefix("file://"), "part-00001.parquet"), how)
    with pytest.raises(ArchiveDamaged, match=r"part-00001\.parquet is (damaged|missing)"):
        verify(conn, archived.archive_id)
    anew = archive(conn, SIGNALS, PARTITION, url, small)
    assert (anew.state, anew.archive_id > archived.archive_id) == ("verified", True)


def damage(path: Path, how: str) -> None:
    octets = bytearray(path.read_bytes())
    if how == "missing":
        path.unlink()
    elif how == "cut":
        path.write_bytes(octets[:-100])
    else:
        octets[len(octets) // 2] ^= 1
        path.write_bytes(octets)


def test_verify_finds_a_partition_that_was_written_to(conn: Connection[Any], url: str) -> None:
    archived = archive(conn, SIGNALS, PARTITION, url)
    assert verify(conn, archived.archive_id).state == "verified"
    maintain(conn, "delete from trading.signals where signal_id = 9")
    with pytest.raises(PartitionChanged, match=r"signals_p20260101 holds other rows than archive"):
        verify(conn, archived.archive_id)


class Full(MemoryFileSystem):  # type: ignore[misc]
    """A disk with little room."""

    protocol = "full"
    room = 0
    store: dict[str, Any] = {}  # noqa: RUF012 - as its parent has it
    pseudo_dirs = [""]  # noqa: RUF012 - as its parent has it

    def _open(self, path: str, mode: str = "rb", **more: Any) -> Any:
        handle = super()._open(path, mode=mode, **more)
        if "w" in mode:
            really = handle.write

            def write(octets: Any) -> int:
                if sum(file.size for file in self.store.values()) + len(octets) > self.room:
                    raise OSError(errno.ENOSPC, "No space left on device")
                return int(really(octets))

            handle.write = write
        return handle


@pytest.mark.parametrize("room", [0, 20_000, 40_000])
def test_a_disk_that_fills_leaves_nothing_behind(
    conn: Connection[Any], small: Layout, room: int
) -> None:
    fsspec.register_implementation("full", Full, clobber=True)
    Full.store.clear()
    Full.room = room
    with pytest.raises(ArchiveFailed, match=r"no space is left there\. The partition is as it was"):
        archive(conn, SIGNALS, PARTITION, "full://disk", small)
    assert not Full.store
    row = conn.execute("select state, error, manifest from ops.archives").fetchone()
    assert row
    assert (row[0], row[2]) == ("failed", None)
    assert "no space is left there" in row[1]
    Full.room = 10_000_000
    assert archive(conn, SIGNALS, PARTITION, "full://disk", small).state == "verified"


def test_a_row_that_came_with_the_archive_is_not_lost_sight_of(
    conn: Connection[Any], url: str
) -> None:
    archived = archive(conn, SIGNALS, PARTITION, url)
    maintain(conn, "delete from trading.signals")
    fill(conn, 3000)
    assert archive(conn, SIGNALS, PARTITION, url) == archived, "the same rows, written again"


def test_the_ledger_tells_of_it(conn: Connection[Any], url: str) -> None:
    archive(conn, SIGNALS, PARTITION, url)
    row = conn.execute(
        "select step, state, partition_name, event_id is not null from ops.partition_runs"
        " where step = 'archive'"
    ).fetchall()
    assert row == [("archive", "done", PARTITION, True)]
