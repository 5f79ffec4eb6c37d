"""`warehouse db`: where the database is, and a prompt in it."""

import os
import shutil
from typing import Annotated

import typer

from warehouse.cli.output import Json, emit, lines
from warehouse.db.target import primary, replica
from warehouse.embedded import psql_path
from warehouse.errors import WarehouseError
from warehouse.settings import StateSettings

app = typer.Typer(no_args_is_help=True, help="Find the database, or open a prompt in it.")


@app.command()
def url(
    read: Annotated[bool, typer.Option("--read", help="The server that is read from.")] = False,
    as_json: Json = False,
) -> None:
    """Print the connection string, with its password.

    Example: psql "$(warehouse db url)"
    """
    target = replica() if read else primary()
    emit(
        {"url": target.url(), "origin": target.origin},
        as_json,
        lambda found: lines([found["url"]]),
    )


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(context: typer.Context) -> None:
    """Open psql in the warehouse; what follows goes to psql.

    Example: warehouse db psql -c "select count(*) from trading.trades"
    """
    program = shutil.which("psql") or psql_path(StateSettings().home)
    if program is None:
        raise WarehouseError(
            "There is no psql on this machine; install PostgreSQL's client package."
        )
    environment = os.environ | primary().environment()
    os.execve(program, ["psql", *context.args], environment)  # noqa: S606
