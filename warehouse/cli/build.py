"""`warehouse build`: make the marts with dbt."""

from dataclasses import asdict
from typing import Annotated

import typer

from warehouse.cli.output import Json, emit, table
from warehouse.db.target import primary
from warehouse.refresh.build import build as build_marts


def register(app: typer.Typer) -> None:
    app.command("build")(build)


def build(
    select: Annotated[
        str | None, typer.Option(help="dbt's selection, for example `+portfolio_positions`.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Build and test the dbt models.

    Example: warehouse build --select fundamentals_latest
    """
    nodes = build_marts(primary(), ["--select", select] if select else [])
    emit([asdict(node) for node in nodes], as_json, table)
