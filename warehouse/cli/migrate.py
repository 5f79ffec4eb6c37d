"""`warehouse migrate`: bring the database to the schema of this code."""

from typing import Annotated

import typer
from psycopg import connect

from warehouse.cli.output import DryRun, Json, emit, lines
from warehouse.db import migrations
from warehouse.db.target import Target, primary
from warehouse.errors import SchemaVersionError
from warehouse.jobs import install
from warehouse.models.parity import parity_differences


def migrate(
    to: Annotated[str, typer.Option(help="Revision to stop at.")] = "head",
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Compare models and migrations, beside the data; makes roles that are missing.",
        ),
    ] = False,
    as_sql: Annotated[
        bool, typer.Option("--sql", help="Print the SQL of the migrations instead of running it.")
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Run the migrations the database lacks, then install the reports' functions.

    Example: warehouse migrate --dry-run
    """
    if as_sql:
        print(migrations.offline_sql(to))
        return
    target = primary()
    if check:
        report_parity(target, as_json)
        return
    steps = plan(target) if dry_run else install.migrate(target, to)
    emit(steps, as_json, lambda rows: lines(rows or ["Nothing to migrate."]))


def plan(target: Target) -> list[str]:
    with connect(**target.keywords()) as conn:
        return migrations.pending(conn)


def report_parity(target: Target, as_json: bool) -> None:
    found = parity_differences(target)
    emit(found, as_json, lambda rows: lines(rows or ["Models and migrations agree."]))
    if found:
        raise SchemaVersionError(
            f"Models and migrations differ in {len(found)} places; write a migration for them."
        )
