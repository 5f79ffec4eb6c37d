"""`warehouse build`: make the rollups and marts with dbt."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from warehouse.cli.output import DryRun, Json, console, emit, lines, table
from warehouse.db.target import primary
from warehouse.refresh.build import Node, plan
from warehouse.refresh.build import build as build_marts


def build(
    select: Annotated[
        str | None, typer.Option(help="dbt's selection, for example `+portfolio_positions`.")
    ] = None,
    full_refresh: Annotated[
        bool,
        typer.Option(
            "--full-refresh", help="Compute everything anew, but for what lies below a floor."
        ),
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Build and test the dbt models; what was built is afterwards kept up by `warehouse refresh`.

    Example: warehouse build --select fundamentals_latest
    """
    arguments = ["--select", select] if select else []
    if dry_run:
        emit(plan(primary(), arguments), as_json, lines)
        return
    if full_refresh:
        arguments.append("--full-refresh")
    nodes = build_marts(primary(), arguments, _tell)
    emit([asdict(node) for node in nodes], as_json, lambda _: _show(nodes))


def _tell(node: Node) -> None:
    """Each as it ends; to the error stream, for the result goes to the other."""
    if node.status != "pass":
        print(f"  {node.status:<8} {node.name} ({node.seconds:.1f} s)", file=sys.stderr, flush=True)


def _show(nodes: Sequence[Node]) -> None:
    models = [node for node in nodes if node.status != "pass"]
    table(
        [
            {"model": node.name, "status": node.status, "seconds": f"{node.seconds:.2f}"}
            for node in models
        ]
    )
    console.print(f"{len(nodes) - len(models)} tests passed.")
