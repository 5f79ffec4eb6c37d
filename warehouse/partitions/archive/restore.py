"""Brings an archived partition back: loaded beside its parent, made ready there, then attached.

Until the attach nobody sees the table. One that a killed run left behind bears a mark, by which the
next run knows it and begins again, or goes on where all rows are loaded.
"""

from typing import Any

from psycopg import Connection
from psycopg import Error as DriverError

from warehouse.db.errors import translate
from warehouse.errors import WarehouseError
from warehouse.models.audit import Operation
from warehouse.models.ops import ArchiveState
from warehouse.partitions import ledger, making
from warehouse.partitions.archive import fit, load, records
from warehouse.partitions.archive.errors import ArchiveError, PartitionStands
from warehouse.partitions.archive.files import folder
from warehouse.partitions.archive.read import check_files
from warehouse.partitions.archive.records import Archive, alone, archive_by_id
from warehouse.partitions.archive.steps import Restore
from warehouse.partitions.catalog import partitions
from warehouse.partitions.ledger import Entry
from warehouse.partitions.lock import Patience, limit_waits, refuse_on_replica, settings
from warehouse.partitions.naming import quoted
from warehouse.partitions.owner import as_owner
from warehouse.partitions.plan import overlap, said
from warehouse.partitions.policy import policy_of
from warehouse.sql import query

# Indexes are built once, after the load, where nobody waits for them.
ROOM_TO_BUILD = {"maintenance_work_mem": "256MB"}
PATIENCE = Patience()


def restore(conn: Connection[Any], archive_id: int, patience: Patience = PATIENCE) -> Archive:
    """Make an archive's partition again, row for row, and attach it.

    Needs a connection in autocommit. The archive stays in force: what was restored and not changed
    is not archived again.
    """
    refuse_on_replica(conn)
    archive = archive_by_id(conn, archive_id)
    manifest = archive.contents()
    with alone(conn, archive.partition), settings(conn, ROOM_TO_BUILD):
        step = _step(conn, archive)
        ready = _refuse_if_there(conn, step, archive_id)
        columns = fit.loaded_columns(conn, manifest)
        (entry,) = ledger.open_entries(conn, [step])
        ledger.start(conn, entry)
        try:
            if not ready:
                check_files(folder(archive.location), manifest)
                load.load(conn, step, archive, manifest, columns)
            making.prepare(conn, step, patience)
            _attach(conn, entry, archive, patience)
        except ArchiveError as error:
            ledger.fail(conn, entry, str(error))
            raise
        except (DriverError, WarehouseError, OSError) as error:
            raise _failed(conn, entry, archive, error) from error
    return archive_by_id(conn, archive_id)


def _step(conn: Connection[Any], archive: Archive) -> Restore:
    if not archive.is_whole:
        raise ArchiveError(
            f"Archive {archive.archive_id} of {archive.partition} is {archive.state}; nothing was "
            f"restored. `warehouse partitions archives {archive.parent}` lists the one in force."
        )
    policy = policy_of(conn, archive.parent)
    name = archive.partition.removeprefix(f"{policy.schema}.")
    return Restore(policy, name, archive.bounds, home=policy.schema)


def _refuse_if_there(conn: Connection[Any], step: Restore, archive_id: int) -> bool:
    """Whether an earlier run had loaded all rows; refuses what would stand in the way."""
    parent = step.policy.parent
    for found in partitions(conn, step.policy):
        if found.name == step.name or overlap(found.bounds, step.bounds):
            raise PartitionStands(
                f"{step.policy.schema}.{found.name} stands, attached to {parent} for "
                f"{said(found.bounds)}; nothing was restored. To put the archive in its place, "
                f"retire it first: warehouse partitions detach {parent} {found.name}"
            )
    named = {"partition": quoted(step.partition), "parent": parent}
    there = conn.execute(query("partitions/read_partition_table"), named).fetchone()
    if there is None:
        return False
    mark = there[2] or ""
    if mark not in (load.loading(archive_id), load.loaded(archive_id)):
        raise PartitionStands(
            f"{step.partition} stands as a table of its own; nothing was restored. Attach it with "
            f"`warehouse partitions attach {parent} {step.name}`, or drop it and restore again."
        )
    return bool(mark == load.loaded(archive_id))


def _attach(conn: Connection[Any], entry: Entry, archive: Archive, patience: Patience) -> None:
    step = entry.step
    assert isinstance(step, Restore)
    for attempt in patience.retrying(conn):
        with attempt, conn.transaction(), as_owner(conn):
            entry.attempts += 1
            limit_waits(conn, patience)
            event_id = ledger.record_event(conn, step.policy, Operation.RESTORE, step.bounds)
            load.unmark(conn, step)
            records.mark(conn, archive.archive_id, ArchiveState.RESTORED, restored=True)
            making.attach(conn, entry.held, step)
            ledger.finish(conn, entry, event_id)
    ledger.time(conn, entry)


def _failed(
    conn: Connection[Any], entry: Entry, archive: Archive, error: Exception
) -> WarehouseError:
    ours = translate(error)
    reason = str(ours).rstrip(".")
    if conn.closed:
        return ours if isinstance(ours, WarehouseError) else ArchiveError(reason)
    message = (
        f"{archive.partition} could not be restored from {archive.location}: {reason}. Readers saw "
        "nothing of it, the archive is as it was; run it again when that is mended."
    )
    ledger.fail(conn, entry, message)
    return ArchiveError(message)
