"""Proves that the models and the migrations describe the same database."""

from psycopg import connect
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from warehouse.access import ensure_roles
from warehouse.db import migrations
from warehouse.db.catalog import describe, differences
from warehouse.db.scratch import scratch_database
from warehouse.db.target import Target
from warehouse.models import Base
from warehouse.models.base import EXTENSIONS, SCHEMAS
from warehouse.models.privileges import grants


def parity_differences(target: Target) -> list[str]:
    """Build the schema both ways, on the target's server but beside its data, and compare."""
    with scratch_database(target) as migrated, scratch_database(target) as declared:
        with connect(**migrated.keywords(), autocommit=True) as conn:
            ensure_roles(conn)
        migrations.upgrade(migrated)
        migrations.check(migrated)
        create_declared(declared)
        with connect(**migrated.keywords()) as ours, connect(**declared.keywords()) as theirs:
            return differences(describe(theirs, SCHEMAS), describe(ours, SCHEMAS))


def create_declared(target: Target) -> None:
    """The tables and grants as the models declare them, without a migration."""
    engine = create_engine(
        "postgresql+psycopg://", connect_args=target.keywords(), poolclass=NullPool
    )
    with engine.begin() as connection:
        for extension in EXTENSIONS:
            connection.execute(text(f"create extension {extension} with schema public"))
        for schema in SCHEMAS:
            connection.execute(text(f"create schema {schema}"))
        Base.metadata.create_all(connection)
        for statement in grants():
            connection.execute(text(statement))
