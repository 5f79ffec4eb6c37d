"""Loads an archive's files into a table of its own, which is the partition to be."""

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import Connection, sql

from warehouse.partitions.archive.columns import Carried
from warehouse.partitions.archive.errors import ArchiveDamaged
from warehouse.partitions.archive.files import folder
from warehouse.partitions.archive.manifest import Manifest
from warehouse.partitions.archive.read import tuples
from warehouse.partitions.archive.records import Archive
from warehouse.partitions.archive.rows import Tally, settle
from warehouse.partitions.archive.steps import Restore
from warehouse.partitions.archive.wire import HEADER, TRAILER
from warehouse.partitions.owner import as_owner

BESIDE = "create table {child} (like {parent} including all excluding identity excluding indexes)"
STAGE = "create temporary table {stage} on commit drop as select {archived} from {child} limit 0"
COPY = "copy {table} ({columns}) from stdin (format binary)"
FROM_STAGE = "insert into {child} ({columns}) select {values} from {stage}"


def loading(archive_id: int) -> str:
    """The mark of a table whose rows may be lacking."""
    return f"restore of archive {archive_id}: rows are being loaded"


def loaded(archive_id: int) -> str:
    """The mark of a table that has all rows and waits for its attach."""
    return f"restore of archive {archive_id}: loaded, not attached yet"


def load(
    conn: Connection[Any],
    step: Restore,
    archive: Archive,
    manifest: Manifest,
    columns: Sequence[Carried],
) -> None:
    """Make the table anew and fill it; its indexes and keys come afterwards."""
    child = sql.Identifier(step.policy.schema, step.name)
    parent = sql.Identifier(step.policy.schema, step.policy.table)
    with conn.transaction(), as_owner(conn):
        conn.execute(sql.SQL("drop table if exists {}").format(child))
        conn.execute(sql.SQL(BESIDE).format(child=child, parent=parent))
        _mark(conn, child, loading(archive.archive_id))
    with conn.transaction(), as_owner(conn):
        settle(conn)
        _fill(conn, child, archive, manifest, columns)
        _mark(conn, child, loaded(archive.archive_id))
    with conn.transaction(), as_owner(conn):
        conn.execute(sql.SQL("analyze {}").format(child))


def _fill(
    conn: Connection[Any],
    child: sql.Identifier,
    archive: Archive,
    manifest: Manifest,
    columns: Sequence[Carried],
) -> None:
    """What is carried as text, or computed by the table itself, goes through a stage."""
    archived = manifest.columns
    if list(columns) == list(archived) and all(c.carried != "text" for c in archived):
        _copy(conn, child, archive, manifest)
        return
    stage = sql.Identifier("pg_temp", "archived")
    words = {
        "child": child,
        "stage": stage,
        "archived": _listed(
            c.selected + sql.SQL(" as ") + sql.Identifier(c.name) for c in archived
        ),
        "columns": _listed(sql.Identifier(c.name) for c in columns),
        "values": _listed(_restored(c) for c in columns),
    }
    conn.execute(sql.SQL(STAGE).format(**words))
    _copy(conn, stage, archive, manifest)
    conn.execute(sql.SQL(FROM_STAGE).format(**words))


def _copy(
    conn: Connection[Any], table: sql.Identifier, archive: Archive, manifest: Manifest
) -> None:
    names = _listed(sql.Identifier(column.name) for column in manifest.columns)
    tally = Tally()
    with conn.cursor() as cursor, tuples(folder(archive.location), manifest) as chunks:
        with cursor.copy(sql.SQL(COPY).format(table=table, columns=names)) as copy:
            copy.write(HEADER)
            for octets, rows in chunks:
                tally.add(octets, rows)
                copy.write(octets)
            copy.write(TRAILER)
        stored = cursor.rowcount
    if (stored, tally.sha256) != (manifest.rows, manifest.rows_sha256):
        raise ArchiveDamaged(
            f"{archive.location} does not hold the rows that were archived: {stored} came with "
            f"digest {tally.sha256}, {manifest.rows} with {manifest.rows_sha256} were written. "
            "Nothing was kept of them."
        )


def _restored(column: Carried) -> sql.Composable:
    name = sql.Identifier(column.name)
    cast = f"::{column.type}" if column.carried == "text" else ""
    return name + sql.SQL(cast)


def _listed(parts: Iterable[sql.Composable]) -> sql.Composed:
    return sql.SQL(", ").join(parts)


def unmark(conn: Connection[Any], step: Restore) -> None:
    """It is a partition like any other."""
    _mark(conn, sql.Identifier(step.policy.schema, step.name), None)


def _mark(conn: Connection[Any], table: sql.Identifier, text: str | None) -> None:
    conn.execute(sql.SQL("comment on table {} is {}").format(table, sql.Literal(text)))
