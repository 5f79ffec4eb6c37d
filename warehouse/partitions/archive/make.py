"""Archives a partition: streams it to files, reads them back, and only then calls the archive verified.

A run that was killed leaves files without a manifest and a row that says `writing`; the next run
takes the files away and begins again.
"""

import hashlib
import logging
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

import numpy as np
import pyarrow as pa
from psycopg import Connection, sql
from psycopg import Error as DriverError

from warehouse.db.errors import translate
from warehouse.errors import WarehouseError
from warehouse.models.audit import Operation
from warehouse.models.ops import ArchiveState
from warehouse.partitions import ledger
from warehouse.partitions.archive import records
from warehouse.partitions.archive.columns import Carried, carry, columns
from warehouse.partitions.archive.errors import (
    ArchiveError,
    ArchiveFailed,
    Misfit,
    UnknownPartition,
)
from warehouse.partitions.archive.files import Folder, folder, is_full
from warehouse.partitions.archive.manifest import MANIFEST, Manifest, copy_out
from warehouse.partitions.archive.records import Archive, alone, archive_by_id, archive_in_force
from warehouse.partitions.archive.rows import sent, snapshot
from warehouse.partitions.archive.steps import Keep
from warehouse.partitions.archive.verify import holds, prove
from warehouse.partitions.archive.write import LAYOUT, Layout, Written, write
from warehouse.partitions.catalog import partitions
from warehouse.partitions.lock import refuse_on_replica
from warehouse.partitions.owner import as_owner
from warehouse.partitions.policy import policy_of
from warehouse.sql import query

# How the times of a type are counted, and the zone to say with them.
UNITS = {"date": ("D", ""), "timestamp": ("us", ""), "timestamptz": ("us", "+00:00")}

# As documents or octets they may be long, and their order means nothing.
UNORDERED = ("json", "jsonb", "bytea")

logger = logging.getLogger(__name__)


def archive(
    conn: Connection[Any], parent: str, partition: str, url: str, layout: Layout = LAYOUT
) -> Archive:
    """Write a partition's rows below a URL and prove it; what is archived already is left as it is.

    Needs a connection in autocommit: the rows are read in one long transaction, and what is said of
    them is committed in short ones.
    """
    refuse_on_replica(conn)
    step = _step(conn, parent, partition)
    with alone(conn, step.partition):
        before = archive_in_force(conn, parent, step.partition)
        if before and before.is_whole:
            if before.bounds == step.bounds and holds(conn, before):
                return before
            records.mark(conn, before.archive_id, ArchiveState.SUPERSEDED)
        elif before:
            _clear(folder(before.location))
        return _archive(conn, step, url, layout)


def _step(conn: Connection[Any], parent: str, partition: str) -> Keep:
    policy = policy_of(conn, parent)
    name = partition.removeprefix(f"{policy.schema}.")
    for found in partitions(conn, policy):
        if found.name == name and not found.pending:
            return Keep(policy, name, found.bounds)
    raise UnknownPartition(
        f"{parent} has no partition {partition}; nothing was archived. "
        f"`warehouse partitions list {parent}` names those it has."
    )


def _archive(conn: Connection[Any], step: Keep, url: str, layout: Layout) -> Archive:
    place = folder(f"{url.rstrip('/')}/{step.policy.parent}/{step.name}/{token_hex(4)}")
    (entry,) = ledger.open_entries(conn, [step])
    archive_id = records.start(conn, step.policy.parent, step.partition, step.bounds, place.url)
    ledger.start(conn, entry)
    try:
        manifest = _write(conn, step, place, layout)
        records.finish(conn, archive_id, manifest, _seal(place, manifest))
        prove(place, manifest)
    except (DriverError, WarehouseError, OSError, pa.ArrowException) as error:
        raise _failed(conn, entry, archive_id, place, error) from error
    with conn.transaction(), as_owner(conn):
        records.mark(conn, archive_id, ArchiveState.VERIFIED, verified=True)
        event_id = ledger.record_event(conn, step.policy, Operation.ARCHIVE, step.bounds)
        ledger.finish(conn, entry, event_id)
    return archive_by_id(conn, archive_id)


def _write(conn: Connection[Any], step: Keep, place: Folder, layout: Layout) -> Manifest:
    try:
        return _written(conn, step, place, layout, guess=True)
    except Misfit as error:
        logger.info("%s: %s; looking at all rows first", step.partition, error)
        place.remove()
        return _written(conn, step, place, layout, guess=False)


def _written(
    conn: Connection[Any], step: Keep, place: Folder, layout: Layout, *, guess: bool
) -> Manifest:
    table = sql.Identifier(step.policy.schema, step.name)
    named = {"table": table.as_string()}
    with snapshot(conn), as_owner(conn):
        found = columns(conn, table)
        carried = carry(conn, table, found, guess=guess)
        key = [name for (name,) in conn.execute(query("partitions/list_key_columns"), named)]
        order = key or [step.policy.control]
        statement = copy_out(carried, order, bool(key), table)
        with sent(conn, statement) as chunks:
            written = write(place, carried, order, chunks, layout)
        definitions = conn.execute(query("partitions/list_definitions"), named).fetchall()
        root = conn.execute(query("partitions/read_log_root")).fetchone()
    return Manifest(
        table=step.policy.parent,
        partition=step.partition,
        range_from=step.bounds.start,
        range_to=step.bounds.end,
        columns=[_described(column, written) for column in carried],
        key=order,
        key_is_unique=bool(key),
        rows=written.tally.rows,
        rows_sha256=written.tally.sha256,
        files=written.files,
        audit_root=root[0] if root else None,
        constraints=[text for kind, text in definitions if kind == "constraint"],
        indexes=[text for kind, text in definitions if kind == "index"],
        written_at=datetime.now(UTC),
        server_version=conn.info.server_version,
    )


def _described(column: Carried, written: Written) -> Carried:
    span = written.spans.get(column.name)
    if span is None:
        return column
    if column.base in UNORDERED:
        return column.model_copy(update={"nulls": span.nulls})
    ends = {"minimum": _said(column, span.lowest), "maximum": _said(column, span.highest)}
    return column.model_copy(update={"nulls": span.nulls} | ends)


def _said(column: Carried, value: Any) -> str | None:
    """A value as text; times as ISO 8601 has them, also where no calendar goes."""
    if value is None or column.carried != "plain" or column.base not in UNITS:
        return None if value is None else str(value)
    unit, zone = UNITS[column.base]
    edge = np.iinfo(np.int32 if unit == "D" else np.int64).max
    if abs(value) == edge:
        return "infinity" if value > 0 else "-infinity"
    return f"{np.array(value, f'M8[{unit}]')}{zone}"


def _seal(place: Folder, manifest: Manifest) -> str:
    """Write the manifest, last; its SHA-256."""
    page = manifest.model_dump_json(indent=2).encode()
    with place.create(MANIFEST) as sink:
        sink.write(page)
    place.settle()
    return hashlib.sha256(page).hexdigest()


# -- when it does not work -------------------------------------------------------------------------


def _failed(
    conn: Connection[Any],
    entry: ledger.Entry,
    archive_id: int,
    place: Folder,
    error: Exception,
) -> WarehouseError:
    """Take the files away and say so; without a server that is left to the next run."""
    ours = translate(error)
    kept = "The partition is as it was, and what was written has been removed."
    if conn.closed:
        return ours if isinstance(ours, WarehouseError) else ArchiveError(str(ours))
    _clear(place)
    reason = "no space is left there" if is_full(error) else str(ours).rstrip(".")
    message = f"{entry.step.partition} could not be archived to {place.url}: {reason}. {kept}"
    advice = "Make room or give another place, then run it again." if is_full(error) else ""
    records.mark(conn, archive_id, ArchiveState.FAILED, error=message)
    ledger.fail(conn, entry, message)
    return ArchiveFailed(f"{message} {advice}".strip())


def _clear(place: Folder) -> None:
    """Leftovers that cannot be reached do no harm: every archive has a folder of its own."""
    try:
        place.remove()
    except OSError as error:
        logger.warning("%s could not be removed: %s", place.url, error)
