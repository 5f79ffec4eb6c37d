"""Runs Alembic from code, and says how the database stands to the migrations at hand."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from psycopg import Connection
from psycopg.errors import (
    InsufficientPrivilege,
    InvalidParameterValue,
    LockNotAvailable,
    UndefinedTable,
)
from sqlalchemy.exc import DataError, OperationalError, ProgrammingError

from warehouse.db.target import Target
from warehouse.errors import BusyError, SchemaVersionError
from warehouse.settings import PROJECT

# Held by whoever migrates, shared by whoever builds: any number that every version agrees on.
MIGRATION_LOCK = 720_315_000_1


def config(target: Target | None = None, output: io.StringIO | None = None) -> Config:
    """Alembic's configuration; migrations/env.py takes the target from its attributes."""
    return Config(
        PROJECT / "alembic.ini",
        stdout=io.StringIO(),
        output_buffer=output,
        attributes={"target": target},
    )


def head() -> str:
    """The revision that this code expects."""
    revision = ScriptDirectory.from_config(config()).get_current_head()
    if revision is None:
        raise SchemaVersionError("This installation carries no migrations; install it again.")
    return revision


def current(conn: Connection[Any]) -> str | None:
    """The revision the database is at; None before the first migration."""
    try:
        with conn.transaction():
            row = conn.execute("select version_num from alembic_version").fetchone()
    except UndefinedTable:
        return None
    return row[0] if row else None


def pending(conn: Connection[Any]) -> list[str]:
    """The migrations the database still lacks, oldest first: `revision what it does`."""
    at = current(conn)
    script = ScriptDirectory.from_config(config())
    try:
        steps = list(script.iterate_revisions("head", at or "base"))
    except RevisionError as error:
        raise SchemaVersionError(
            f"The database is at revision {at}, which this code does not know: it is ahead. "
            "Nothing was changed; run the newer Tapehouse that migrated it."
        ) from error
    return [f"{step.revision} {step.doc}" for step in reversed(steps) if step.revision != at]


def upgrade(target: Target, revision: str = "head") -> None:
    with _explained():
        command.upgrade(config(target), revision)


def downgrade(target: Target, revision: str = "base") -> None:
    with _explained():
        command.downgrade(config(target), revision)


def check(target: Target) -> None:
    """Fail when autogenerate finds that the models say something the migrations do not."""
    try:
        command.check(config(target))
    except CommandError as error:
        raise SchemaVersionError(f"Models and migrations differ. {error}") from error


def offline_sql(revisions: str = "head") -> str:
    """The SQL of the migrations, for a DBA to read and run."""
    output = io.StringIO()
    command.upgrade(config(output=output), revisions, sql=True)
    return output.getvalue()


@contextmanager
def _explained() -> Iterator[None]:
    """What stops a migration, and the way on, in a sentence; its transaction was rolled back."""
    try:
        yield
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise BusyError(
                "A migration waited too long for a lock: another one is running, or someone holds "
                "the table. What was done before it is kept; run `warehouse migrate` again, with a "
                "longer WAREHOUSE_MIGRATION_LOCK_TIMEOUT if need be."
            ) from error
        raise
    except (DataError, ProgrammingError) as error:
        # SET ROLE to a role that is not there is 22023, which counts as a wrong value.
        if isinstance(error.orig, InsufficientPrivilege | InvalidParameterValue):
            raise SchemaVersionError(
                f"This login cannot act as the schema's owner ({str(error.orig).strip()}). "
                "Nothing was changed; run `warehouse roles ensure` as an administrator."
            ) from error
        raise
