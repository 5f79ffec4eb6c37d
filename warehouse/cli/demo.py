"""`warehouse demo`: a data set that looks like a market and is the same every time."""

from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from psycopg import connect
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from warehouse.cli.output import DryRun, Json, console, emit, lines, table
from warehouse.db.target import Target, primary
from warehouse.demo import DEFAULT_SEED, DEFAULT_UNTIL, ScaleName

if TYPE_CHECKING:
    from warehouse.demo.load import Progress as Reported
    from warehouse.demo.load import Summary

app = typer.Typer(no_args_is_help=True, help="Load demo data.")


@app.callback()
def noun() -> None:
    """Load demo data."""


@app.command("load")
def load_(
    scale: Annotated[ScaleName, typer.Option(help="How much of it.")] = ScaleName.SMALL,
    seed: Annotated[int, typer.Option(help="Another seed is another market.")] = DEFAULT_SEED,
    until: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="Last day of the data.")
    ] = datetime.combine(DEFAULT_UNTIL, datetime.min.time()),
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Load the demo data; what is loaded already is left alone.

    Example: warehouse demo load --scale medium --seed 7
    """
    if dry_run:
        from warehouse.demo.load import plan

        emit([asdict(step) for step in plan(scale, seed, until.date())], as_json, table)
        return
    summary = load_with_progress(primary(), scale, seed, until.date())
    emit(asdict(summary), as_json, lambda row: lines(f"{k:<8}{v}" for k, v in row.items()))


def load_with_progress(target: Target, scale: ScaleName, seed: int, until: date) -> "Summary":
    """Load with a bar on a terminal, in silence elsewhere."""
    from warehouse.demo.load import load  # numpy, scipy and calendars take a second to import

    bar = Progress(
        TextColumn("{task.description:<24}"),
        BarColumn(),
        TextColumn("{task.completed:>12,.0f} rows {task.fields[rate]:>10,.0f}/s"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with connect(**target.keywords(options="-c timezone=UTC")) as conn, bar:
        task = bar.add_task("demo", total=None, rate=0.0)

        def show(report: "Reported") -> None:
            bar.update(
                task,
                description=report.step,
                completed=report.rows_done,
                total=report.rows_expected,
                rate=report.rows_per_second,
            )

        return load(conn, scale, seed, until, show)
