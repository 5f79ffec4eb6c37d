"""`warehouse verify`: prove that what was built equals its queries, row by row."""

from dataclasses import asdict
from typing import Any

import typer

from warehouse.cli.output import Json, complain, emit, table
from warehouse.cli.refresh import Only, connection, exit_if_failed
from warehouse.refresh import runs
from warehouse.refresh.runs import Run


def verify(only: Only = None, as_json: Json = False) -> None:
    """Compare each rollup and materialized view with its query; exits with 1 on any difference.

    Example: warehouse verify --only positions_daily
    """
    with connection() as conn:
        outcome = runs.verify(conn, only or [])
    emit(
        [asdict(run) for run in outcome.runs],
        as_json,
        lambda _: table([_shown(run) for run in outcome.runs], "Nothing was built yet."),
    )
    different = [run.relation for run in outcome.runs if run.difference_count]
    if different:
        complain(
            f"{', '.join(different)}: rows differ from their query. Nothing was changed; what their "
            "last runs did is in ops.refresh_runs, and `warehouse build --full-refresh` computes them anew."
        )
    exit_if_failed(outcome)
    if different:
        raise typer.Exit(1)


def _shown(run: Run) -> dict[str, Any]:
    return {
        "relation": run.relation,
        "differences": run.difference_count,
        "seconds": f"{run.seconds:.3f}",
    }
