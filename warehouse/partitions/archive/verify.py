"""Compares an archive's files with what was written, and with the partition where it stands."""

from typing import Any

from psycopg import Connection, sql

from warehouse.models.ops import ArchiveState
from warehouse.partitions.archive.errors import ArchiveDamaged, PartitionChanged
from warehouse.partitions.archive.files import Folder, folder
from warehouse.partitions.archive.manifest import Manifest
from warehouse.partitions.archive.read import check_files, read_back
from warehouse.partitions.archive.records import Archive, alone, archive_by_id, mark
from warehouse.partitions.archive.rows import digest, snapshot
from warehouse.partitions.naming import quoted
from warehouse.partitions.owner import as_owner
from warehouse.sql import query


def verify(conn: Connection[Any], archive_id: int) -> Archive:
    """Read an archive's files back; where its table stands, attached or not, compare that too."""
    archive = archive_by_id(conn, archive_id)
    manifest = archive.contents()
    with alone(conn, archive.partition):
        stands = _stands(conn, archive)
        try:
            prove(folder(archive.location), manifest)
        except ArchiveDamaged as error:
            if stands:  # it must not be let go on the strength of this archive
                mark(conn, archive_id, ArchiveState.FAILED, error=str(error))
            raise
        if stands and not holds(conn, archive):
            raise PartitionChanged(
                f"{archive.partition} holds other rows than archive {archive_id}, whose files are "
                "as they were written. Nothing was changed; to archive it anew, run "
                f"`warehouse partitions archive {archive.parent} {archive.partition}`."
            )
        written = archive.state == ArchiveState.WRITTEN
        state = ArchiveState.VERIFIED if written else ArchiveState(archive.state)
        mark(conn, archive_id, state, error=archive.error, verified=True)
    return archive_by_id(conn, archive_id)


def prove(place: Folder, manifest: Manifest) -> None:
    """Every file is what was written, and its rows are those that the database sent."""
    check_files(place, manifest)
    tally = read_back(place, manifest)
    if (tally.rows, tally.sha256) != (manifest.rows, manifest.rows_sha256):
        raise ArchiveDamaged(
            f"{place.url} does not hold the rows of {manifest.partition}: {tally.rows} rows with "
            f"digest {tally.sha256} were read back, {manifest.rows} with {manifest.rows_sha256} "
            "were sent by the database. The partition is as it was; archive it again."
        )


def holds(conn: Connection[Any], archive: Archive) -> bool:
    """Whether a partition, attached or not, has the very rows of its archive."""
    manifest = archive.contents()
    table = sql.Identifier(*archive.partition.split(".", 1))
    with snapshot(conn), as_owner(conn):
        tally = digest(conn, manifest.statement(table))
    return (tally.rows, tally.sha256) == (manifest.rows, manifest.rows_sha256)


def _stands(conn: Connection[Any], archive: Archive) -> bool:
    named = {"partition": quoted(archive.partition), "parent": archive.parent}
    return conn.execute(query("partitions/read_partition_table"), named).fetchone() is not None
