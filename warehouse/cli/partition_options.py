"""What the commands about partitions share: their options, their connection, and how steps are shown."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event
from typing import Annotated, Any

import typer
from psycopg import Connection, connect

from warehouse.cli.output import complain
from warehouse.db.target import primary
from warehouse.partitions import ledger
from warehouse.partitions.catalog import BEGINNING, END
from warehouse.partitions.lock import Patience, maintenance
from warehouse.partitions.plan import Step
from warehouse.partitions.policy import policies
from warehouse.partitions.run import Outcome, run_steps
from warehouse.partitions.watch import watch

TableName = Annotated[str, typer.Argument(help="Table, as schema.table.")]
Tables = Annotated[
    list[str] | None, typer.Argument(help="Tables, as schema.table; else every one.")
]
Partition = Annotated[str, typer.Argument(help="Partition, by its name.")]
Since = Annotated[
    datetime | None,
    typer.Option("--from", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="First moment, UTC."),
]
Until = Annotated[
    datetime | None,
    typer.Option("--to", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="End, exclusive, UTC."),
]
Wait = Annotated[
    int,
    typer.Option("--lock-timeout", min=1, help="Milliseconds that one attempt waits for a lock."),
]
Watch = Annotated[bool, typer.Option("--watch", help="Do it again and again until stopped.")]
Every = Annotated[float, typer.Option(min=0.1, help="With --watch: seconds in between.")]


@contextmanager
def connection() -> Iterator[Connection[Any]]:
    """Each step commits by itself; dates are read and said in UTC."""
    # The last: a killed run gives its locks back within a second, not when its statement ends.
    options = "-c timezone=UTC -c datestyle=ISO -c client_connection_check_interval=1s"
    with connect(**primary().keywords(options=options), autocommit=True) as conn:
        yield conn


def span(since: datetime | None, until: datetime | None) -> tuple[datetime, datetime] | None:
    """The range that --from and --to name, to the present where one is left out."""
    if since is None and until is None:
        return None
    start, end = (moment(each) or datetime.now(UTC) for each in (since, until))
    if start >= end:
        raise typer.BadParameter(f"--from {start:%Y-%m-%d} must lie before --to {end:%Y-%m-%d}.")
    return start, end


def moment(given: datetime | None) -> datetime | None:
    return given and given.replace(tzinfo=UTC)


def rows(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Steps as commands print them."""
    return [
        {
            "step": step.kind.value,
            "table": step.policy.parent,
            "partition": step.name,
            "from": None if step.bounds.start == BEGINNING else step.bounds.start,
            "to": None if step.bounds.end == END else step.bounds.end,
        }
        for step in steps
    ]


def run_by_hand(
    make: Callable[[Connection[Any]], Sequence[Step]], wait: int, *, dry_run: bool
) -> Sequence[Step]:
    """Do what an operator asked for by name, one run at a time; what was done, or would be."""
    with connection() as conn:
        if dry_run:
            return make(conn)
        with maintenance(conn):
            ledger.settle(conn, policies(conn))
            outcome = run_steps(conn, make(conn), Patience(wait))
    exit_if_failed(outcome)
    return outcome.done


def exit_if_failed(outcome: Outcome) -> None:
    """Say what failed and end with 1."""
    for step, message in outcome.failed:
        complain(f"{step.kind} of {step.partition}: {message}")
    if outcome.failed:
        raise typer.Exit(1)


def keep_watch(work: Callable[[], Any], every: float) -> None:
    """Work until SIGTERM or SIGINT, which let the step under way end."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    watch(work, every, stop)
