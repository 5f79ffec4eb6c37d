"""`warehouse keys`: who may read through the API, and what."""

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from psycopg import Connection, connect

from warehouse.cli.output import Json, emit, lines, table
from warehouse.db import keys
from warehouse.db.target import primary

app = typer.Typer(no_args_is_help=True, help="Make, list, rotate and revoke the API's keys.")

Prefix = Annotated[str, typer.Argument(help="The key's first characters, as `list` shows them.")]
SCOPES = ("read", "audit")


@contextmanager
def _writing() -> Iterator[Connection[Any]]:
    with connect(**primary().keywords()) as conn:
        conn.execute("select set_config('warehouse.actor', %s, true)", [getpass.getuser()])
        yield conn


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[list[str], typer.Option(help=f"What it may do: {', '.join(SCOPES)}.")],
    everything: Annotated[bool, typer.Option("--all", help="It may see everything.")] = False,
    account: Annotated[
        list[str] | None, typer.Option(help="It may see this account, by its account_hash.")
    ] = None,
    portfolio: Annotated[
        list[int] | None, typer.Option(help="It may see this portfolio and its accounts.")
    ] = None,
    principal: Annotated[
        str | None, typer.Option(help="Login it belongs to; else a program of the key's name.")
    ] = None,
    expires: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="When it ends, in UTC."),
    ] = None,
    rate_limit: Annotated[int | None, typer.Option(min=1, help="Requests a minute.")] = None,
    concurrency_limit: Annotated[int | None, typer.Option(min=1, help="Requests at once.")] = None,
) -> None:
    """Make a key and print it, alone, on the last line. It is shown this once.

    Example: warehouse keys create dashboard --scope read --all
    """
    if unknown := sorted(set(scope) - set(SCOPES)):
        raise typer.BadParameter(f"{', '.join(unknown)} is no scope", param_hint="--scope")
    terms = keys.Terms(
        name=name,
        scopes=sorted(set(scope)),
        principal=principal,
        expires_at=expires and expires.replace(tzinfo=UTC),
        rate_limit=rate_limit,
        concurrency_limit=concurrency_limit,
    )
    grants = keys.Grants(account or (), portfolio or (), everything)
    with _writing() as conn:
        secret = keys.create(conn, terms, grants)
    _tell(
        secret,
        f"Key {secret.prefix} of {principal or name} was made. Keep it: it is not shown again.",
    )


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the keys, what each may see, and when it was last used.

    Example: warehouse keys list
    """
    with connect(**primary().keywords()) as conn:
        found = keys.listed(conn)
    emit(
        [row | {"scopes": ", ".join(row["scopes"])} for row in found],
        as_json,
        lambda rows: table(rows, "There is no key; `warehouse keys create` makes one."),
    )


@app.command()
def rotate(
    prefix: Prefix,
    grace_hours: Annotated[
        float, typer.Option(min=0, help="How long the old key still works.")
    ] = 24,
) -> None:
    """Make a key's successor and print it, alone, on the last line; the old one ends after the grace.

    Example: warehouse keys rotate tape_1a2b3c4d --grace-hours 1
    """
    with _writing() as conn:
        secret = keys.rotate(conn, prefix, timedelta(hours=grace_hours))
    _tell(
        secret, f"{prefix} works for {grace_hours:g} more hours; {secret.prefix} takes its place."
    )


@app.command()
def revoke(prefix: Prefix) -> None:
    """End a key at once.

    Example: warehouse keys revoke tape_1a2b3c4d
    """
    with _writing() as conn:
        keys.revoke(conn, prefix)
    lines([f"{prefix} is revoked."])


def _tell(secret: keys.Secret, sentence: str) -> None:
    """People read the sentence on the error stream; programs take the last line of the output."""
    print(sentence, file=sys.stderr)
    print(secret.text)
