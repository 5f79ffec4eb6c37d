"""The page that says what an archive holds; it is written last, so that its presence means whole."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from psycopg import sql
from pydantic import BaseModel, ConfigDict

from warehouse.partitions.archive.columns import Carried

MANIFEST = "_manifest.json"
CANONICAL = (
    "SHA-256 over the rows in the order of `key`, each as one tuple of PostgreSQL's binary COPY "
    "with `columns` in their order; those carried as text are cast to text"
)


class _Page(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class File(_Page):
    """One Parquet file, and beside it the decimals that its numerics were given, if they varied."""

    name: str
    rows: int
    bytes: int
    sha256: str
    scales: "File | None" = None


class Manifest(_Page):
    """What an archive holds; version 1 of the format."""

    format_version: Literal[1] = 1
    table: str
    partition: str
    range_from: datetime
    range_to: datetime
    columns: Sequence[Carried]
    key: Sequence[str]
    key_is_unique: bool
    rows: int
    rows_sha256: str
    rows_canonical: str = CANONICAL
    files: Sequence[File]
    audit_root: str | None = None
    indexes: Sequence[str] = ()
    constraints: Sequence[str] = ()
    written_at: datetime
    server_version: int

    @property
    def all_files(self) -> list[File]:
        """Every file but this page itself."""
        return [each for file in self.files for each in (file, file.scales) if each]

    def statement(self, table: sql.Composable) -> sql.Composed:
        """The COPY that sends the rows of a table as they were archived."""
        return copy_out(self.columns, self.key, self.key_is_unique, table)


def copy_out(
    columns: Sequence[Carried], key: Sequence[str], unique: bool, table: sql.Composable
) -> sql.Composed:
    """Rows in the order of their key; texts by their octets, for collations change with the system.

    Without a unique key the whole row as text decides.
    """
    texts = {column.name for column in columns if column.base in ("text", "varchar", "bpchar")}
    order: list[sql.Composable] = [
        sql.Identifier(name) + sql.SQL(' collate "C"' if name in texts else "") for name in key
    ]
    if not unique:
        order.append(sql.SQL('t::text collate "C"'))
    return sql.SQL(
        "copy (select {columns} from only {table} as t order by {order}) to stdout (format binary)"
    ).format(
        columns=sql.SQL(", ").join(column.selected for column in columns),
        table=table,
        order=sql.SQL(", ").join(order),
    )
