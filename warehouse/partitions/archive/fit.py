"""Whether an archive's columns still fit its table, and which of them are loaded."""

from collections.abc import Sequence
from typing import Any

from psycopg import Connection, sql

from warehouse.partitions.archive.columns import Carried, Column, columns
from warehouse.partitions.archive.errors import ColumnsChanged
from warehouse.partitions.archive.manifest import Manifest


def loaded_columns(conn: Connection[Any], manifest: Manifest) -> list[Carried]:
    """The archived columns that are written; those that the database computes come by themselves."""
    table = sql.Identifier(*manifest.table.split(".", 1))
    now = {column.name: column for column in columns(conn, table)}
    if complaints := _complaints(manifest.columns, now):
        raise ColumnsChanged(
            f"{manifest.table} has changed since {manifest.partition} was archived: "
            f"{'; '.join(complaints)}. Nothing was restored, the files are as they were. Bring the "
            "table's columns in line, or read the files as they are."
        )
    return [column for column in manifest.columns if not now[column.name].generated]


def _complaints(archived: Sequence[Carried], now: dict[str, Column]) -> list[str]:
    gone = [
        f"column {column.name} ({column.type}) is in the archive and no longer in the table"
        for column in archived
        if column.name not in now
    ]
    changed = [
        f"column {column.name} was {column.type} and is {now[column.name].type}"
        for column in archived
        if column.name in now and now[column.name].type != column.type
    ]
    known = {column.name for column in archived}
    wanted = [
        f"column {name} was added, must have a value and has no default"
        for name, column in now.items()
        if name not in known and column.not_null and not (column.has_default or column.generated)
    ]
    return gone + changed + wanted
