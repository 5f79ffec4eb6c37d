"""`warehouse audit seal | seals`: the sealer at work, and what it has done."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from psycopg import Connection

from warehouse.audit.heads import Head
from warehouse.audit.keys import signing_key, trusted_keys
from warehouse.audit.publish import Publisher
from warehouse.audit.seal import Sealed, seal_next, sealing
from warehouse.audit.seals import EPOCH, Lag, read_heads, read_lag, read_newest
from warehouse.cli.output import Json, complain, emit, lines, table
from warehouse.cli.partition_options import connection, keep_watch
from warehouse.settings import AuditSettings

Follow = Annotated[bool, typer.Option("--follow", help="Go on until stopped.")]
Every = Annotated[float, typer.Option(min=0.1, help="With --follow: seconds in between.")]
PublishFile = Annotated[
    Path | None, typer.Option("--publish", help="File to append heads to; else as set.")
]
PublishCommand = Annotated[
    str | None, typer.Option(help="Command to hand each head to; else as set.")
]
Last = Annotated[int, typer.Option("--last", min=1, help="How many to list.")]


def register(app: typer.Typer) -> None:
    for command in (seal, seals):
        app.command()(command)


def seal(
    follow: Follow = False,
    every: Every = 5.0,
    publish: PublishFile = None,
    publish_command: PublishCommand = None,
) -> None:
    """Seal what is committed; exits with 1 when rows did not fit their event.

    Example: warehouse audit seal --follow --publish /mnt/elsewhere/heads.jsonl
    """
    settings = AuditSettings()
    publisher = Publisher(
        publish or settings.publish_file, publish_command or settings.publish_command
    )
    if follow:
        keep_watch(lambda: _seal(publisher, settings, quiet=True), every)
    elif not _seal(publisher, settings):
        raise typer.Exit(1)


def seals(last: Last = 10, as_json: Json = False) -> None:
    """List the newest seals, and say what waits to be sealed.

    Example: warehouse audit seals
    """
    with connection() as conn:
        newest, lag = read_newest(conn), read_lag(conn)
        heads = list(read_heads(conn, max(newest.head.seal_id - last, 0))) if newest else []
    found = {"seals": [head.as_json() for head in heads], "waiting": lag._asdict()}
    emit(found, as_json, lambda _: _show(heads, lag))


def _show(heads: Sequence[Head], lag: Lag) -> None:
    rows = [
        {
            "seal": head.seal_id,
            "events so far": head.tree_size,
            "sealed at": f"{EPOCH + timedelta(microseconds=head.sealed_at):%Y-%m-%d %H:%M:%S}",
            "key": head.key_id[:16],
            "head": head.hash.hex()[:16],
        }
        for head in heads
    ]
    table(rows, "Nothing is sealed yet.")
    lines([f"Waiting: {_said(lag)}."])


def _said(lag: Lag) -> str:
    return f"{lag.events} events with {lag.rows} rows, the oldest for {lag.seconds:.1f} s"


def _seal(publisher: Publisher, settings: AuditSettings, *, quiet: bool = False) -> bool:
    """Seal all that is pending; whether all rows fitted their events."""
    key, trusted = signing_key(settings), trusted_keys(settings)
    fitted, batches = True, 0
    with connection() as conn, sealing(conn):
        publisher.publish(conn)  # what a run that was killed has not
        while sealed := seal_next(conn, key, trusted):
            publisher.publish(conn)
            batches += 1
            fitted &= not sealed.doubts
            _tell(conn, sealed)
    if not batches and not quiet:
        lines(["Nothing waits to be sealed."])
    return fitted


def _tell(conn: Connection[Any], sealed: Sealed) -> None:
    for doubt in sealed.doubts:
        complain(f"{doubt}. It was sealed as it stands.")
    done = f"{sealed.events} events, {sealed.rows} rows"
    number, now = sealed.head.seal_id, datetime.now(UTC)
    lines([f"{now:%H:%M:%S} seal {number}: {done}. Waiting: {_said(read_lag(conn))}."])
