"""Runs the migrations: as the schema's owner, one run at a time, one transaction a migration."""

from collections.abc import MutableMapping
from typing import Any

from alembic import context
from sqlalchemy import Connection, ForeignKeyConstraint, create_engine, text
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import SchemaItem

from warehouse.access import OWNER
from warehouse.db.migrations import MIGRATION_LOCK
from warehouse.db.target import primary
from warehouse.models import Base
from warehouse.models.base import SCHEMAS
from warehouse.settings import MigrationSettings

PARTITIONS = text(
    "select format('%s.%s', n.nspname, c.relname) from pg_class c"
    " join pg_namespace n on n.oid = c.relnamespace where c.relispartition"
)


def configure(connection: Connection | None, partitions: frozenset[str] = frozenset()) -> None:
    def ours(name: str | None, kind: str, parents: MutableMapping[Any, str | None]) -> bool:
        """Only our schemas, and no partitions: autogenerate would drop every one of them."""
        if kind == "schema":
            return name in SCHEMAS
        return kind != "table" or f"{parents['schema_name']}.{name}" not in partitions

    def declared(
        item: SchemaItem, _name: str | None, _kind: str, reflected: bool, _other: object
    ) -> bool:
        """A key to a partitioned table appears once more for each of its partitions."""
        if not (reflected and isinstance(item, ForeignKeyConstraint)):
            return True
        return item.elements[0].target_fullname.rpartition(".")[0] not in partitions

    context.configure(
        connection=connection,
        dialect_name="postgresql",
        dialect_opts={"paramstyle": "named"},  # the default doubles each % of a comment offline
        target_metadata=Base.metadata,
        include_schemas=True,
        include_name=ours,
        include_object=declared,
        compare_server_default=True,
        transaction_per_migration=True,
        literal_binds=connection is None,
    )


def online() -> None:
    target = context.config.attributes.get("target") or primary()
    engine = create_engine(
        "postgresql+psycopg://", connect_args=target.keywords(), poolclass=NullPool
    )
    with engine.connect() as connection:
        migrate(connection)


def migrate(connection: Connection) -> None:
    prepare(connection)
    partitions = frozenset(connection.scalars(PARTITIONS))
    connection.commit()
    configure(connection, partitions)
    with context.begin_transaction():
        context.run_migrations()


def prepare(connection: Connection) -> None:
    """Owns what it makes, waits a bounded time for a lock, and keeps a second run out."""
    settings = MigrationSettings()
    for name, value in (
        ("role", OWNER),
        ("timezone", "UTC"),
        ("lock_timeout", settings.lock_timeout),
        ("statement_timeout", settings.statement_timeout),
    ):
        connection.execute(text("select set_config(:n, :v, false)"), {"n": name, "v": value})
    connection.execute(text("select pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})


def offline() -> None:
    configure(None)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    offline()
else:
    online()
