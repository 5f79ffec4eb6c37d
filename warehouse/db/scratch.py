"""Databases that live for one check or one test."""

from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex

from psycopg import connect, sql

from warehouse.db.target import Target


@contextmanager
def scratch_database(target: Target, template: str = "template0") -> Iterator[Target]:
    """A database of its own on the target's server, dropped at the end whoever is still in it."""
    name = f"tapehouse_scratch_{token_hex(6)}"
    # By files: through the log, which is the default, a migrated template takes three times as long.
    create = sql.SQL("create database {} template {} strategy file_copy").format(
        sql.Identifier(name), sql.Identifier(template)
    )
    with connect(**target.keywords(), autocommit=True) as conn:
        conn.execute(create)
    try:
        yield target.with_(dbname=name)
    finally:
        with connect(**target.keywords(), autocommit=True) as conn:
            conn.execute(
                sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
            )
