"""`warehouse partitions archive | archives | verify | restore`: partitions as files, and back."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from psycopg import Connection

from warehouse.cli.output import DryRun, Json, emit, table
from warehouse.cli.partition_options import Tables, Wait, connection
from warehouse.partitions.archive import Archive
from warehouse.partitions.archive import archive as archive_partition
from warehouse.partitions.archive import restore as restore_archive
from warehouse.partitions.archive import verify as verify_archive
from warehouse.partitions.archive.errors import UnknownArchive
from warehouse.partitions.archive.records import all_archives, archive_in_force
from warehouse.partitions.index_catalog import split_name
from warehouse.partitions.lock import Patience
from warehouse.partitions.plan import Gate
from warehouse.partitions.planning import make_plan
from warehouse.settings import ArchiveSettings, StateSettings

Which = Annotated[
    str,
    typer.Argument(
        metavar="NUMBER|TABLE", help="Archive, as `archives` lists it; or table, as schema.table."
    ),
]
To = Annotated[
    str | None,
    typer.Option(help="Folder, or URL that fsspec knows; else WAREHOUSE_ARCHIVES."),
]
Parent = Annotated[str | None, typer.Argument(help="Table, as schema.table.")]
Name = Annotated[str | None, typer.Argument(help="Partition, by its name.")]
Due = Annotated[bool, typer.Option("--due", help="All that wait for nothing but an archive.")]


def register(app: typer.Typer) -> None:
    for command in (archive, archives, verify, restore):
        app.command()(command)


def archive(
    parent: Parent = None,
    partition: Name = None,
    to: To = None,
    due: Due = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Write a partition to Parquet files, read them back and compare; the partition stays.

    Example: warehouse partitions archive trading.trades trades_p20240101 --to s3://bucket/archives
    """
    if due == bool(parent and partition):
        raise typer.BadParameter("name a table and its partition, or give --due.")
    url = to or ArchiveSettings().archives or str(StateSettings().home.resolve() / "archives")
    with connection() as conn:
        wanted = list(_due(conn, parent)) if due else [(str(parent), str(partition))]
        if dry_run:
            found = [{"table": each[0], "partition": each[1], "to": url} for each in wanted]
        else:
            found = [_row(archive_partition(conn, *each, url)) for each in wanted]
    emit(found, as_json, lambda rows: table(rows, "Nothing waits for an archive."))


def archives(tables: Tables = None, as_json: Json = False) -> None:
    """List the archives, newest first.

    Example: warehouse partitions archives trading.trades
    """
    with connection() as conn:
        found = [_row(each) for each in all_archives(conn, tables)]
    emit(found, as_json, lambda rows: table(rows, "There is no archive."))


def verify(archive: Which, partition: Name = None, as_json: Json = False) -> None:
    """Read an archive's files back and compare them with what was written, and with its partition.

    Example: warehouse partitions verify 7
    """
    with connection() as conn:
        found = [_row(verify_archive(conn, _number(conn, archive, partition)))]
    emit(found, as_json, table)


def restore(
    archive: Which,
    partition: Name = None,
    wait: Wait = Patience.lock_timeout,
    as_json: Json = False,
) -> None:
    """Make a partition again from its archive and attach it, while others go on.

    Example: warehouse partitions restore trading.trades trades_p20240101
    """
    with connection() as conn:
        number = _number(conn, archive, partition)
        found = [_row(restore_archive(conn, number, Patience(wait)))]
    emit(found, as_json, table)


def _number(conn: Connection[Any], archive: str, partition: str | None) -> int:
    """The number of an archive that is named, or the archive in force of a partition."""
    if archive.isdecimal() and partition is None:
        return int(archive)
    if partition is None:
        raise typer.BadParameter("give the number of an archive, or a table and its partition.")
    schema, _ = split_name(archive)
    found = archive_in_force(conn, archive, f"{schema}.{partition.rpartition('.')[2]}")
    if found is None:
        raise UnknownArchive(
            f"There is no archive of {partition} of {archive} in force; nothing was done. "
            f"`warehouse partitions archives {archive}` lists them."
        )
    return found.archive_id


def _due(conn: Connection[Any], parent: str | None) -> Iterable[tuple[str, str]]:
    """What an open archive gate would let go."""
    plan = make_plan(conn, datetime.now(UTC), [parent] if parent else None)
    closed = [(each.parent, each.partition, each.gate) for each in plan.blocked]
    others = {each[:2] for each in closed if each[2] not in (Gate.ARCHIVE, Gate.SET)}
    return sorted({each[:2] for each in closed if each[2] == Gate.ARCHIVE} - others)


def _row(archive: Archive) -> dict[str, Any]:
    return {
        "archive": archive.archive_id,
        "partition": archive.partition,
        "state": archive.state,
        "rows": archive.row_count,
        "bytes": archive.byte_count,
        "verified": archive.verified_at,
        "location": archive.location,
    }
