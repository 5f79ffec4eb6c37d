"""The `warehouse` command: one module a noun, and the only place that prints.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
"""

import logging
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any, cast

import typer
from psycopg import Error as DriverError
from sqlalchemy.exc import SQLAlchemyError
from typer.core import TyperGroup

from warehouse.cli.output import complain
from warehouse.db.errors import translate
from warehouse.errors import WarehouseError

INTERRUPTED = 130

COMMANDS = (
    *(
        "up",
        "down",
        "status",
        "doctor",
        "migrate",
        "build",
        "refresh",
        "nightly",
        "splits",
        "marts",
    ),
    *(
        "verify",
        "serve",
        "accounts",
        "audit",
        "bench",
        "db",
        "demo",
        "ingest",
        "keys",
        "partitions",
        "quality",
    ),
    "roles",
)
ELSEWHERE = {"down": "up", "status": "up"}


class Commands(Mapping[str, Any]):
    """Imports the one that is asked for: all of them take a second and 70 MB, whatever is run."""

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        module = import_module(f"warehouse.cli.{ELSEWHERE.get(name, name)}")
        if hasattr(module, "app"):
            command: Any = typer.main.get_group(module.app)  # also where it has one command
        else:
            one = typer.Typer(add_completion=False)
            one.command()(getattr(module, name))
            command = typer.main.get_command(one)
        command.name = name
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class Warehouse(TyperGroup):
    """All commands."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = cast("MutableMapping[str, Any]", Commands())


app = typer.Typer(
    cls=Warehouse,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Run a Tapehouse: a partitioned time-series warehouse for trading.",
    epilog="Start with `warehouse up`; `warehouse doctor` says what is wrong and how to mend it.",
)


def say_version(asked: bool) -> None:
    if asked:
        print(f"tapehouse {version('tapehouse')}")
        raise typer.Exit


@app.callback()
def options(
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log what is done; show tracebacks.")
    ] = False,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=say_version, is_eager=True),
    ] = False,
) -> None:
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("warehouse").setLevel(logging.DEBUG if verbose else logging.WARNING)


def main() -> None:
    try:
        app()
    except SystemExit as stop:
        if stop.code == INTERRUPTED:
            complain("interrupted; what was done is kept, and the same command goes on from there.")
        raise
    except (WarehouseError, DriverError, SQLAlchemyError, OSError) as error:
        if logging.getLogger("warehouse").isEnabledFor(logging.DEBUG):
            raise
        complain(str(translate(error)))
        sys.exit(1)
