"""`warehouse refresh`: bring rollups and materialized views up to date, without dbt."""

import signal
from dataclasses import asdict
from threading import Event
from typing import Annotated, Any

import typer
from psycopg import Connection, OperationalError, connect

from warehouse.access import BUILD
from warehouse.cli.output import DryRun, Json, complain, emit, lines, table
from warehouse.db.errors import translate
from warehouse.db.retry import is_transient
from warehouse.db.target import primary
from warehouse.refresh import follow as following
from warehouse.refresh import runs
from warehouse.refresh.runs import Outcome, Run

Only = Annotated[
    list[str] | None,
    typer.Option(help="A rollup or materialized view; may be given more than once."),
]


def refresh(
    only: Only = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Stay, and refresh whenever something was written.")
    ] = False,
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 1.0,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Bring what was built up to date with what was written since; exits with 1 if one failed.

    Example: warehouse refresh --only trade_flows_daily
    """
    if follow:
        _follow(only or [], every, as_json=as_json)
        return
    with connection() as conn:
        if dry_run:
            scopes = [asdict(scope) for scope in runs.pending(conn, only or [])]
            emit(scopes, as_json, lambda rows: table(rows, "Nothing is pending."))
            return
        outcome = runs.refresh(conn, only or [])
    emit([asdict(run) for run in outcome.runs], as_json, lambda _: show(outcome))
    exit_if_failed(outcome)


def connection() -> Connection[Any]:
    """As the role that owns the marts; statements commit by themselves or in blocks of their own."""
    options = f"-c role={BUILD} -c timezone=UTC"
    return connect(**primary().keywords(options=options), autocommit=True)


def exit_if_failed(outcome: Outcome) -> None:
    """Say what failed and end with 1."""
    for relation, message in outcome.failed:
        complain(f"{relation}: {message} Its rows are what they were.")
    if outcome.failed:
        raise typer.Exit(1)


def shown(run: Run) -> dict[str, Any]:
    """A run as people read it."""
    return {
        "relation": run.relation,
        "events": run.event_count,
        "scopes": len(run.scopes) or None,
        "inserted": run.inserted_count,
        "updated": run.updated_count,
        "deleted": run.deleted_count,
        "seconds": f"{run.seconds:.3f}",
    }


def show(outcome: Outcome) -> None:
    """The runs as a table."""
    table([shown(run) for run in outcome.runs], "Nothing was pending.")


def _follow(only: list[str], every: float, *, as_json: bool) -> None:
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.is_set():
        try:
            with connection() as conn:
                following.follow(conn, stop, lambda o: _tell(o, as_json=as_json), only, every)
        except OperationalError as error:
            if not is_transient(error):
                raise
            complain(str(translate(error)))
            stop.wait(max(every, 1.0))


def _tell(outcome: Outcome, *, as_json: bool) -> None:
    for run in outcome.runs:
        if as_json:
            emit(asdict(run), True, lambda _: None)
        else:
            said = ", ".join(f"{k} {v}" for k, v in shown(run).items() if v and k != "relation")
            lines([f"{run.finished_at:%H:%M:%S} {run.relation}: {said}"])
    for relation, message in outcome.failed:
        complain(f"{relation}: {message}")
