"""`warehouse quality`: what is wrong with the data, and what became of it."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from warehouse.cli.output import Json, console, emit, table
from warehouse.cli.partition_options import connection
from warehouse.ingest.quality.checks import Thresholds
from warehouse.ingest.quality.findings import findings, resolve
from warehouse.ingest.quality.run import Window, run_checks
from warehouse.ingest.quality.status import feeds
from warehouse.models.ops import QualityCheck, Resolution, Severity

DEFAULTS = Thresholds()
MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]

Checks = Annotated[list[QualityCheck] | None, typer.Option("--check", help="Only this check.")]
Finding = Annotated[int, typer.Argument(help="Number of the finding.")]
Note = Annotated[str | None, typer.Option(help="Why, in a sentence.")]
Most = Annotated[int, typer.Option("--limit", min=1, help="Show at most so many.")]

app = typer.Typer(no_args_is_help=True, help="Find out what is wrong with the data.")


@app.command()
def run(
    since: Annotated[
        datetime | None, typer.Option(formats=MOMENTS, help="First day, UTC; else 7 days ago.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=MOMENTS, help="End, exclusive, UTC; else now.")
    ] = None,
    check: Checks = None,
    fail_on: Annotated[
        Severity, typer.Option(help="Exit with 1 when a finding this bad, or worse, is open.")
    ] = Severity.ERROR,
    hole_bars: Annotated[
        int, typer.Option(min=1, help="Intervals without a bar in a session.")
    ] = DEFAULTS.hole_bars,
    stale_sessions: Annotated[
        int, typer.Option(min=0, help="Sessions without anything from a feed.")
    ] = DEFAULTS.stale_sessions,
    max_move: Annotated[
        float, typer.Option(min=0, help="Move from close to close, as a fraction.")
    ] = DEFAULTS.max_move,
    tolerance: Annotated[
        float, typer.Option(min=0, help="Difference between sources, as a fraction.")
    ] = DEFAULTS.tolerance,
    as_json: Json = False,
) -> None:
    """Check a window of the data; a finding seen again is not told twice, a mended one is closed.

    Example: warehouse quality run --since 2026-06-01 --check calendar_gap
    """
    window = Window.covering(_utc(since), _utc(until))
    thresholds = Thresholds(hole_bars, stale_sessions, max_move, tolerance)
    names = check or list(QualityCheck)
    with connection() as conn:
        done = [asdict(one) for one in run_checks(conn, window, names, thresholds)]
        bad = findings(conn, fail_on, names, most=1)
    emit(done, as_json, table)
    if bad:
        raise typer.Exit(1)


@app.command("list")
def list_(
    check: Checks = None,
    severity: Annotated[
        Severity, typer.Option(help="Only findings this bad, or worse.")
    ] = Severity.INFO,
    resolved: Annotated[bool, typer.Option("--all", help="Show resolved ones too.")] = False,
    limit: Most = 100,
    as_json: Json = False,
) -> None:
    """Show the open findings, newest first.

    Example: warehouse quality list --severity error
    """
    with connection() as conn:
        found = findings(conn, severity, check, resolved=resolved, most=limit)
    emit(found, as_json, _show)


@app.command()
def accept(finding: Finding, note: Note = None) -> None:
    """Accept a finding as it is: it is told again only when its figures change.

    Example: warehouse quality accept 17 --note "the exchange was closed early"
    """
    _resolve(finding, Resolution.ACCEPTED, note)


@app.command()
def dismiss(finding: Finding, note: Note = None) -> None:
    """Dismiss a finding as a false alarm: it is told again only when its figures change.

    Example: warehouse quality dismiss 17 --note "a reverse split the feed did not tell"
    """
    _resolve(finding, Resolution.FALSE_ALARM, note)


@app.command()
def status(
    symbol: Annotated[list[str] | None, typer.Argument(help="Symbols; else every one.")] = None,
    failing: Annotated[
        bool, typer.Option("--failing", help="Only feeds with an error since data last came.")
    ] = False,
    limit: Most = 100,
    as_json: Json = False,
) -> None:
    """Show how far each feed has come.

    Example: warehouse quality status SPY QQQ
    """
    empty = "No feed is failing." if failing else "No feed has brought anything yet."
    with connection() as conn:
        found = feeds(conn, symbol, limit, failing=failing)
    emit(found, as_json, lambda told: table(told, empty))


def _resolve(finding: int, resolution: Resolution, note: str | None) -> None:
    with connection() as conn, conn.transaction():
        resolve(conn, finding, resolution, note)
    console.print(f"Finding {finding} is closed: {resolution.replace('_', ' ')}.")


def _show(found: list[dict[str, Any]]) -> None:
    shown = ("finding_id", "severity", "check_name", "symbol", "source", "frequency", "message")
    table([{name: one[name] for name in shown} for one in found], empty="Nothing is wrong.")


def _utc(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(tzinfo=UTC)
