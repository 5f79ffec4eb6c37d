"""`warehouse demo`: a data set that looks like a market and is the same every time."""

import sys
import time
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer
from psycopg import connect
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from warehouse.cli.output import DryRun, Json, console, emit, lines, table
from warehouse.db.target import Target, primary
from warehouse.demo import DEFAULT_SEED, DEFAULT_UNTIL, ScaleName

if TYPE_CHECKING:
    from collections.abc import Callable

    from warehouse.demo.load import Progress as Reported
    from warehouse.demo.load import Summary

# Five years of sessions before the first, and calendars that are settled after the last.
EARLIEST, LATEST = date(2012, 1, 1), date(2027, 6, 30)
SECONDS_BETWEEN_LINES = 5.0

app = typer.Typer(no_args_is_help=True, help="Load demo data.")


@app.callback()
def noun() -> None:
    """Load demo data."""


def a_day(text: str | date) -> date:
    """A day that exchange calendars know, for the demo's sessions are theirs."""
    try:
        day = date.fromisoformat(str(text))
    except ValueError as error:
        raise typer.BadParameter(f"{text} is no day; write it as 2026-06-30") from error
    if not EARLIEST <= day <= LATEST:
        raise typer.BadParameter(f"{day} is not between {EARLIEST} and {LATEST}")
    return day


@app.command("load")
def load_(
    scale: Annotated[ScaleName, typer.Option(help="How much of it.")] = ScaleName.SMALL,
    seed: Annotated[
        int, typer.Option(min=0, help="Another seed is another market.")
    ] = DEFAULT_SEED,
    until: Annotated[
        date, typer.Option(parser=a_day, metavar="YYYY-MM-DD", help="Last day of the data.")
    ] = DEFAULT_UNTIL,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Load the demo data; what is loaded already is left alone.

    Example: warehouse demo load --scale medium --seed 7
    """
    if dry_run:
        from warehouse.demo.load import plan

        emit([asdict(step) for step in plan(scale, seed, until)], as_json, table)
        return
    summary = load_with_progress(primary(), scale, seed, until)
    emit(asdict(summary), as_json, lambda row: lines(f"{k:<8}{v}" for k, v in row.items()))


def load_with_progress(target: Target, scale: ScaleName, seed: int, until: date) -> "Summary":
    """Load with a bar on a terminal, and a line every few seconds elsewhere."""
    from warehouse.demo.load import load  # numpy, scipy and calendars take a second to import

    with connect(**target.keywords(options="-c timezone=UTC")) as conn:
        if not console.is_terminal:
            return load(conn, scale, seed, until, plain_lines())
        with bar() as shown:
            task = shown.add_task("demo", total=None, rate=0.0)

            def show(report: "Reported") -> None:
                shown.update(
                    task,
                    description=report.step,
                    completed=report.rows_done,
                    total=report.rows_expected,
                    rate=report.rows_per_second,
                )

            return load(conn, scale, seed, until, show)


def bar() -> Progress:
    return Progress(
        TextColumn("{task.description:<24}"),
        BarColumn(),
        TextColumn("{task.completed:>12,.0f} rows {task.fields[rate]:>10,.0f}/s"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


def plain_lines() -> "Callable[[Reported], None]":
    """Tell now and then how far it is; to the error stream, for the result goes to the other."""
    last = time.monotonic()

    def show(report: "Reported") -> None:
        nonlocal last
        if time.monotonic() - last < SECONDS_BETWEEN_LINES:
            return
        last = time.monotonic()
        print(
            f"  {report.step}: {report.rows_done:,} of about {report.rows_expected:,} rows,"
            f" {report.rows_per_second:,.0f}/s",
            file=sys.stderr,
            flush=True,
        )

    return show
