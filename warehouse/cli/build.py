"""`warehouse build`: make the marts with dbt."""

from dataclasses import asdict
from typing import Annotated

import typer

from warehouse.cli.output import DryRun, Json, emit, lines, table
from warehouse.db.target import primary
from warehouse.refresh.build import build as build_marts
from warehouse.refresh.build import plan


def register(app: typer.Typer) -> None:
    app.command("build")(build)


def build(
    select: Annotated[
        str | None, typer.Option(help="dbt's selection, for example `+portfolio_positions`.")
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Build and test the dbt models.

    Example: warehouse build --select fundamentals_latest
    """
    selection = ["--select", select] if select else []
    if dry_run:
        emit(plan(primary(), selection), as_json, lines)
        return
    nodes = build_marts(primary(), selection)
    emit([asdict(node) for node in nodes], as_json, table)
