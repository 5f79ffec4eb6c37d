"""What migrations say over and over, said once: tables, keys, versioned SQL, and online indexes.

These words never change their meaning, for migrations that ran long ago are written in them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine, UserDefinedType

SQL = Path(__file__).parent / "sql"


class _Named(UserDefinedType[str]):
    """A type of PostgreSQL's that SQLAlchemy has no name for."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: object) -> str:
        return self.name


BIGINT, INTEGER, NUMERIC = sa.BigInteger(), sa.Integer(), sa.Numeric()
TEXT, BOOLEAN, BYTEA, DATE = sa.Text(), sa.Boolean(), sa.LargeBinary(), sa.Date()
TIMESTAMPTZ, JSONB = sa.DateTime(timezone=True), postgresql.JSONB()
DOUBLE: sa.Double[float] = sa.Double()
UUID, TEXTS, BIGINTS = sa.Uuid(), sa.ARRAY(sa.Text()), sa.ARRAY(sa.BigInteger())
XID8, SNAPSHOT = _Named("xid8"), _Named("pg_snapshot")

Type = TypeEngine[Any]

# -- tables ----------------------------------------------------------------------------------------


def create_table(
    name: str, comment: str, *items: SchemaItem, partition_by: str | None = None
) -> None:
    """Make `schema.table`; `partition_by` names the column that it is range-partitioned by."""
    schema, table = name.split(".")
    for item in items:
        if isinstance(item, sa.Constraint):
            item.name = op.f(f"{table}_{item.name}")  # final: no naming convention touches it
    options: dict[str, Any] = {}
    if partition_by:
        options["postgresql_partition_by"] = f"RANGE ({partition_by})"
    op.create_table(table, *items, schema=schema, comment=comment, **options)


def drop_tables(*names: str) -> None:
    for name in names:
        schema, table = name.split(".")
        op.drop_table(table, schema=schema)


def column(
    name: str,
    type_: Type,
    comment: str,
    *,
    null: bool = False,
    default: str | None = None,
    computed: str | None = None,
) -> sa.Column[Any]:
    """A column; `computed` is stored, `default` is SQL."""
    server_default: sa.FetchedValue | None = None
    if computed is not None:
        server_default = sa.Computed(computed, persisted=True)
    elif default is not None:
        server_default = sa.DefaultClause(sa.text(default))
    return sa.Column(
        name,
        type_,
        nullable=null,
        server_default=server_default,
        comment=comment,
        autoincrement=False,  # a lone bigint key would become a bigserial
    )


def identity(name: str, comment: str) -> sa.Column[Any]:
    """A bigint key that the database draws when the writer did not."""
    return sa.Column(name, BIGINT, sa.Identity(always=False), nullable=False, comment=comment)


def primary_key(*columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name="pkey")


def unique(
    *columns: str, name: str | None = None, nulls_not_distinct: bool = False
) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(
        *columns,
        name=f"{name or '_'.join(columns)}_key",
        postgresql_nulls_not_distinct=nulls_not_distinct or None,
    )


def check(name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=f"{name}_check")


def one_of(column: str, *words: str) -> sa.CheckConstraint:
    """The column holds one of the words."""
    listed = ", ".join(f"'{word}'" for word in words)
    return check(f"{column}_known", f"{column} in ({listed})")


def foreign_key(
    table: str,
    columns: Sequence[str],
    target: str,
    target_columns: Sequence[str] | None = None,
    *,
    name: str | None = None,
    on_delete: str | None = "RESTRICT",
    deferred: bool = False,
) -> None:
    """A foreign key in a statement of its own, as distributed tables want it."""
    (schema, bare), (target_schema, target_name) = table.split("."), target.split(".")
    op.create_foreign_key(
        op.f(f"{bare}_{name or '_'.join(columns)}_fkey"),
        bare,
        target_name,
        list(columns),
        list(target_columns or columns),
        source_schema=schema,
        referent_schema=target_schema,
        ondelete=on_delete,
        deferrable=deferred or None,
        initially="DEFERRED" if deferred else None,
    )


# -- indexes ---------------------------------------------------------------------------------------


def create_index(
    table: str,
    *columns: str,
    name: str | None = None,
    unique: bool = False,
    using: str | None = None,
    where: str | None = None,
    nulls_not_distinct: bool = False,
) -> None:
    """An index on a table that is still empty; one that holds rows wants `create_index_online`."""
    schema, bare = table.split(".")
    op.create_index(
        op.f(name or f"{bare}_{'_'.join(columns)}_idx"),
        bare,
        [column if column.isidentifier() else sa.text(column) for column in columns],
        schema=schema,
        unique=unique,
        postgresql_using=using,
        postgresql_where=None if where is None else sa.text(where),
        postgresql_nulls_not_distinct=nulls_not_distinct or None,
    )


def create_brin(table: str, column: str) -> None:
    """A block-range index, whose tail autovacuum summarizes as rows come in."""
    schema, bare = table.split(".")
    op.create_index(
        op.f(f"{bare}_{column}_idx"),
        bare,
        [column],
        schema=schema,
        postgresql_using="brin",
        postgresql_with={"pages_per_range": 32, "autosummarize": "on"},
    )


# -- SQL -------------------------------------------------------------------------------------------


def run_sql(name: str) -> None:
    """Run migrations/sql/<name>.sql, where functions and views keep every version they ever had."""
    op.execute(sa.text((SQL / f"{name}.sql").read_text().replace(":", "\\:")))


def comment_view(view: str, table: str) -> None:
    """The columns that a view takes from a table say what they say there."""
    op.execute(f"""
        do $$
        declare
            said record;
        begin
            for said in
                select v.attname, col_description(t.attrelid, t.attnum) as words
                from pg_attribute as v
                inner join pg_attribute as t on v.attname = t.attname and t.attnum > 0
                where v.attrelid = '{view}'::regclass and t.attrelid = '{table}'::regclass
            loop
                execute format('comment on column {view}.%I is %L', said.attname, said.words);
            end loop;
        end;
        $$
    """)


# -- audit -----------------------------------------------------------------------------------------


def watch(
    table: str,
    kind: str,
    *,
    time: str | None = None,
    account: str | None = None,
    instrument: str | None = None,
    hidden: Sequence[str] = (),
) -> None:
    """From now on every statement on `schema.table` leaves an event (migrations/sql/watch_v1.sql)."""
    words = (table, kind, time, account, instrument, f"{{{','.join(hidden)}}}")
    told = ", ".join("null" if word is None else f"'{word}'" for word in words)
    op.execute(f"select audit.watch({told})")


def unwatch() -> None:
    """Take the triggers of every watched table away, with their functions and defaults."""
    op.execute("""
        do $$
        declare
            watched record;
        begin
            for watched in
                select t.tgrelid::regclass as relation, t.tgname as name, t.tgfoid::regprocedure as function
                from pg_trigger as t
                where t.tgname like 'audit\\_%' and t.tgparentid = 0 and not t.tgisinternal
                order by t.tgname
            loop
                execute format('drop trigger %I on %s', watched.name, watched.relation);
                if watched.name in ('audit_insert', 'audit_update', 'audit_delete') then
                    execute format('drop function %s', watched.function);
                end if;
                if watched.name = 'audit_row' then
                    execute format('alter table %s alter column event_id drop default', watched.relation);
                end if;
            end loop;
        end;
        $$
    """)
