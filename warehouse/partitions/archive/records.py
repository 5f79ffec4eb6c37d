"""The rows of ops.archives: which archive is in force, and how far it is."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.errors import LockNotAvailable
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from warehouse.errors import BusyError
from warehouse.models.ops import ArchiveState
from warehouse.partitions.archive.errors import UnknownArchive
from warehouse.partitions.archive.manifest import MANIFEST, Manifest
from warehouse.partitions.naming import Bounds
from warehouse.partitions.owner import as_owner
from warehouse.sql import query

# A killed run's session lives on until the server has noticed.
TURN = "3s"


@dataclass(frozen=True)
class Archive:
    """One archive, as it was when it was read."""

    archive_id: int
    parent: str
    partition: str
    range_from: datetime
    range_to: datetime
    location: str
    manifest: Mapping[str, Any] | None
    row_count: int | None
    byte_count: int | None
    state: str
    error: str | None
    verified_at: datetime | None
    restored_at: datetime | None

    @property
    def bounds(self) -> Bounds:
        return Bounds(self.range_from, self.range_to)

    @property
    def is_whole(self) -> bool:
        """Whether it was read back once."""
        return self.state in (ArchiveState.VERIFIED, ArchiveState.RESTORED)

    def contents(self) -> Manifest:
        """Its manifest, as the database keeps it."""
        if self.manifest is None:
            raise UnknownArchive(
                f"Archive {self.archive_id} of {self.partition} is {self.state} and holds nothing; "
                f"run `warehouse partitions archive {self.parent} {self.partition}` again."
            )
        return Manifest.model_validate(self.manifest)


def archive_by_id(conn: Connection[Any], archive_id: int) -> Archive:
    """An archive by its key."""
    found = _read(conn, {"archive_id": archive_id, "parent": None, "partition": None})
    if found is None:
        raise UnknownArchive(
            f"There is no archive {archive_id}; nothing was done. "
            "`warehouse partitions archives` lists them."
        )
    return found


def archive_in_force(conn: Connection[Any], parent: str, partition: str) -> Archive | None:
    """The archive of a partition that is neither superseded nor failed."""
    return _read(conn, {"archive_id": None, "parent": parent, "partition": partition})


def all_archives(conn: Connection[Any], parents: Sequence[str] | None = None) -> list[Archive]:
    """All archives, newest first, of some tables or of every one."""
    wanted = {"parents": None if parents is None else list(parents)}
    with conn.cursor(row_factory=class_row(Archive)) as cursor:
        return cursor.execute(query("partitions/read_archives"), wanted).fetchall()


def _read(conn: Connection[Any], wanted: Mapping[str, Any]) -> Archive | None:
    with conn.cursor(row_factory=class_row(Archive)) as cursor:
        return cursor.execute(query("partitions/read_archive"), wanted).fetchone()


@contextmanager
def alone(conn: Connection[Any], partition: str) -> Iterator[None]:
    """One at a time at one partition; the server gives the lock back when the session dies."""
    named = {"partition": partition}
    try:
        with conn.transaction():
            conn.execute("select set_config('lock_timeout', %s, true)", [TURN])
            conn.execute(query("partitions/lock_archive"), named)
    except LockNotAvailable as error:
        raise BusyError(
            f"Another run is archiving or restoring {partition}; nothing was done. Wait for it."
        ) from error
    try:
        yield
    finally:
        if not conn.closed:
            conn.execute(query("partitions/unlock_archive"), named)


# -- changes, each in a transaction of its own unless the caller has one ----------------------------


def start(conn: Connection[Any], parent: str, partition: str, bounds: Bounds, location: str) -> int:
    """Begin an archive, or take up the one that a killed run left; its key."""
    row = {
        "parent": parent,
        "partition": partition,
        "range_from": bounds.start,
        "range_to": bounds.end,
        "location": location,
    }
    with conn.transaction(), as_owner(conn):
        started = conn.execute(query("partitions/start_archive"), row).fetchone()
    assert started
    archive_id: int = started[0]
    return archive_id


def finish(conn: Connection[Any], archive_id: int, manifest: Manifest, page_sha256: str) -> None:
    """Its files are written."""
    hashes = {file.name: file.sha256 for file in manifest.all_files} | {MANIFEST: page_sha256}
    row = {
        "archive_id": archive_id,
        "manifest": Jsonb(manifest.model_dump(mode="json")),
        "file_hashes": Jsonb(hashes),
        "row_count": manifest.rows,
        "byte_count": sum(file.bytes for file in manifest.all_files),
        "audit_root": manifest.audit_root,
    }
    with conn.transaction(), as_owner(conn):
        conn.execute(query("partitions/finish_archive"), row)


def mark(
    conn: Connection[Any],
    archive_id: int,
    state: ArchiveState,
    *,
    error: str | None = None,
    verified: bool = False,
    restored: bool = False,
) -> None:
    """It is verified, restored, superseded or failed."""
    row = {
        "archive_id": archive_id,
        "state": state.value,
        "error": error,
        "verified": verified,
        "restored": restored,
    }
    with conn.transaction(), as_owner(conn):
        conn.execute(query("partitions/mark_archive"), row)
