"""The `warehouse` command: one module a noun, and the only place that prints.

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
"""

import logging
import sys
from importlib.metadata import version
from typing import Annotated

import typer
from psycopg import Error as DriverError
from sqlalchemy.exc import SQLAlchemyError

from warehouse.cli import (
    audit,
    bench,
    build,
    db,
    demo,
    doctor,
    ingest,
    keys,
    marts,
    migrate,
    nightly,
    partitions,
    quality,
    refresh,
    roles,
    serve,
    splits,
    up,
    verify,
)
from warehouse.cli.output import complain
from warehouse.db.errors import translate
from warehouse.errors import WarehouseError

INTERRUPTED = 130

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Run a Tapehouse: a partitioned time-series warehouse for trading.",
    epilog="Start with `warehouse up`; `warehouse doctor` says what is wrong and how to mend it.",
)
for module in (up, doctor, migrate, build, refresh, nightly, splits, marts, verify, serve):
    module.register(app)
for name, noun in (
    ("audit", audit),
    ("bench", bench),
    ("db", db),
    ("demo", demo),
    ("ingest", ingest),
    ("keys", keys),
    ("partitions", partitions),
    ("quality", quality),
    ("roles", roles),
):
    app.add_typer(noun.app, name=name)


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
