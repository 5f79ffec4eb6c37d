"""Indexes on tables that are in use: built and dropped without blocking a reader or a writer."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

PARTITIONS_WITHOUT = sa.text("""
select c.relname
from pg_inherits as h
inner join pg_class as c on c.oid = h.inhrelid
where
    h.inhparent = to_regclass(:table)
    and not exists (
        select from pg_inherits as a
        inner join pg_index as i on i.indexrelid = a.inhrelid
        where a.inhparent = to_regclass(:index) and i.indrelid = c.oid
    )
order by c.relname
""")


@dataclass(frozen=True)
class OnlineIndex:
    """An index by its parts; `name` begins with the table's."""

    name: str
    schema: str
    table: str
    columns: Sequence[str]
    using: str = "btree"
    where: str | None = None
    unique: bool = False


def create_index_online(index: OnlineIndex) -> None:
    """Build an index while its table is read and written.

    CONCURRENTLY is refused on a partitioned parent. There the parent's index is made ONLY, which is
    instant and leaves it invalid; each partition's is built CONCURRENTLY and attached, and the last
    one attached makes the parent's valid. A run that was cut short is carried on: what is valid is
    kept, an INVALID leftover is dropped first. Offline SQL prints the plain statement.
    """
    if op.get_context().as_sql:
        op.execute(_statement(index, index.name, index.table))
        return
    with op.get_context().autocommit_block():
        if not _is_partitioned(index):
            _build(index, index.name, index.table)
            return
        op.execute(_statement(index, index.name, index.table, only=True))
        for partition in _partitions_without(index):
            child = f"{partition}{index.name.removeprefix(index.table)}"[:63]
            _build(index, child, partition)
            op.execute(
                f"alter index {_quoted(index.schema, index.name)}"
                f" attach partition {_quoted(index.schema, child)}"
            )


def drop_index_online(schema: str, table: str, name: str) -> None:
    """Drop an index without waiting for readers; a partitioned one takes a short lock instead."""
    statement = f"if exists {_quoted(schema, name)}"
    if op.get_context().as_sql or _is_partitioned(OnlineIndex(name, schema, table, ())):
        op.execute(f"drop index {statement}")
        return
    with op.get_context().autocommit_block():
        op.execute(f"drop index concurrently {statement}")


def _build(index: OnlineIndex, name: str, table: str) -> None:
    valid = op.get_bind().scalar(
        sa.text("select indisvalid from pg_index where indexrelid = to_regclass(:name)"),
        {"name": _quoted(index.schema, name)},
    )
    if valid is False:
        op.execute(f"drop index concurrently {_quoted(index.schema, name)}")
    if not valid:
        op.execute(_statement(index, name, table, concurrently=True))


def _statement(
    index: OnlineIndex, name: str, table: str, *, concurrently: bool = False, only: bool = False
) -> str:
    words = (
        "create",
        "unique" if index.unique else "",
        "index",
        "concurrently" if concurrently else "",
        "if not exists" if only else "",
        _quoted(name),
        "on only" if only else "on",
        _quoted(index.schema, table),
        f"using {index.using} ({', '.join(index.columns)})",
        f"where {index.where}" if index.where else "",
    )
    return " ".join(word for word in words if word)


def _is_partitioned(index: OnlineIndex) -> bool:
    kind = op.get_bind().scalar(
        sa.text("select relkind::text from pg_class where oid = to_regclass(:name)"),
        {"name": _quoted(index.schema, index.table)},
    )
    return bool(kind == "p")


def _partitions_without(index: OnlineIndex) -> Sequence[str]:
    """The partitions that have no index attached to this one yet."""
    names = {
        "table": _quoted(index.schema, index.table),
        "index": _quoted(index.schema, index.name),
    }
    return op.get_bind().scalars(PARTITIONS_WITHOUT, names).all()


def _quoted(*names: str) -> str:
    quote = postgresql.dialect().identifier_preparer.quote  # type: ignore[no-untyped-call]
    return ".".join(quote(name) for name in names)
