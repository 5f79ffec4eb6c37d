"""Installs the reports: each api/sql/<report>.sql is the function `api.<report>`.

They are code, not state: whatever differs from its file is put right, and the API will not start
on a database whose functions are not those of its own files.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any, LiteralString

from psycopg import Connection, sql

from warehouse.access import API, OWNER
from warehouse.errors import SchemaVersionError, StatementError
from warehouse.settings import PACKAGE

FOLDER = PACKAGE.parent / "api" / "sql"
MARK = " sha256:"

# Every function of the schema with what its comment says of its origin; anyone may ask.
INSTALLED = """
select p.proname::text as name, obj_description(p.oid, 'pg_proc') as comment
from pg_proc as p
where p.pronamespace = to_regnamespace('api')
"""


@dataclass(frozen=True)
class Function:
    """One report's file."""

    name: str
    statement: bytes

    @property
    def comment(self) -> str:
        """What the function answers, which is the file's first line, and the hash of the file."""
        first = self.statement.decode().partition("\n")[0]
        return f"{first.removeprefix('--').strip()}{MARK}{sha256(self.statement).hexdigest()}"


@cache
def functions() -> tuple[Function, ...]:
    """The reports of this code."""
    return tuple(Function(path.stem, path.read_bytes()) for path in sorted(FOLDER.glob("*.sql")))


def install(conn: Connection[Any]) -> list[str]:
    """Make schema `api` hold exactly this code's reports; the names of those that changed."""
    _require_role(conn)
    installed = {row[0]: row[1] for row in conn.execute(INSTALLED)}
    changed = [f for f in functions() if installed.get(f.name) != f.comment]
    gone = [name for name in _ours(installed) if name not in {f.name for f in functions()}]
    if changed or gone:
        with conn.transaction():
            _apply(conn, changed, gone)
    return [*(f.name for f in changed), *gone]


def require_installed(found: Iterable[tuple[str, str | None]]) -> None:
    """Fail when the database's functions are not this code's."""
    installed = dict(found)
    wrong = [f.name for f in functions() if installed.get(f.name) != f.comment]
    if wrong:
        raise SchemaVersionError(
            f"The database's report functions are not those of this code ({', '.join(wrong)}); "
            "the API did not start. Run `warehouse migrate`."
        )


def _require_role(conn: Connection[Any]) -> None:
    found = conn.execute("select 1 from pg_roles where rolname = %s", [API]).fetchone()
    if not found:
        raise StatementError(
            f"There is no role {API} on this server, so no report was installed. "
            "Run `warehouse roles ensure`, then `warehouse migrate` again."
        )


def _ours(installed: dict[str, str | None]) -> Iterator[str]:
    """Those we installed: what else someone keeps in the schema is left alone."""
    return (name for name, comment in installed.items() if comment and MARK in comment)


def _apply(conn: Connection[Any], changed: list[Function], gone: list[str]) -> None:
    # Reports run with their owner's rights, so the owner is the schema's, never who migrates.
    before = conn.execute("select current_setting('role')").fetchone()
    conn.execute("select set_config('role', %s, true)", [OWNER])
    # A report may stand before the mart that it reads was built.
    conn.execute("set local check_function_bodies = off")
    _create_schema(conn)
    for name in gone:
        conn.execute(_on("drop function {}", name))
    for function in changed:
        _install(conn, function)
    conn.execute("select set_config('role', %s, true)", before)


def _create_schema(conn: Connection[Any]) -> None:
    # `if not exists` asks for the right to create even where nothing is to be created.
    if conn.execute("select to_regnamespace('api')").fetchone() == (None,):
        conn.execute("create schema api")
        conn.execute("comment on schema api is 'Reports that the read API may run; nothing else.'")
    conn.execute(sql.SQL("grant usage on schema api to {}").format(sql.Identifier(API)))


def _install(conn: Connection[Any], function: Function) -> None:
    # Dropped first: create or replace refuses other columns, and leaves other arguments beside it.
    conn.execute(_on("drop function if exists {}", function.name))
    conn.execute(function.statement)
    conn.execute(_on("revoke all on function {} from public", function.name))
    conn.execute(_on("grant execute on function {} to {}", function.name, sql.Identifier(API)))
    conn.execute(_on("comment on function {} is {}", function.name, sql.Literal(function.comment)))


def _on(statement: LiteralString, name: str, *more: sql.Composable) -> sql.Composed:
    return sql.SQL(statement).format(sql.Identifier("api", name), *more)
