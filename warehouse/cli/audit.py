"""`warehouse audit`: the log sealed, verified, proved and handed out; its history is in `audit_history`."""

import json
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from warehouse.audit.export import export as export_bundle
from warehouse.audit.findings import Report
from warehouse.audit.keys import trusted_keys
from warehouse.audit.prove import prove_event, prove_growth, prove_row
from warehouse.audit.publish import published_heads
from warehouse.audit.rebase import rebase as rebase_log
from warehouse.audit.relay import relay as relay_events
from warehouse.audit.verify import JOBS
from warehouse.audit.verify import verify as verify_log
from warehouse.cli import audit_history, audit_keys, audit_seal
from warehouse.cli.output import Json, complain, emit, lines
from warehouse.cli.partition_options import connection, keep_watch, moment
from warehouse.settings import AuditSettings

app = typer.Typer(no_args_is_help=True, help="Seal, verify, prove and read the audit log.")
audit_seal.register(app)
audit_history.register(app)
app.add_typer(audit_keys.app, name="keys")

Since = Annotated[
    datetime | None,
    typer.Option("--since", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="First moment, UTC."),
]
Published = Annotated[
    Path | None, typer.Option(help="File of published heads; else as set, if it is there.")
]
TrustedKeys = Annotated[
    list[Path] | None, typer.Option("--key", help="Public keys to trust, in PEM; else as set.")
]
Jobs = Annotated[int, typer.Option(min=1, help="Connections to read with.")]
Event = Annotated[int | None, typer.Option(help="Event to prove.")]
Trade = Annotated[str | None, typer.Option(help="Trade to prove: ACCOUNT:TIME:ID.")]
Between = Annotated[
    tuple[int, int] | None, typer.Option(help="Two seals; the later log begins with the earlier.")
]
Reader = Annotated[str, typer.Argument(metavar="NAME", help="Whose place in the log is kept.")]
Out = Annotated[Path, typer.Option(help="File to write; .gz compresses.")]
Rows = Annotated[bool, typer.Option("--rows", help="With every row, to be recomputed offline.")]


@app.command()
def verify(
    since: Since = None,
    published: Published = None,
    key: TrustedKeys = None,
    jobs: Jobs = JOBS,
    as_json: Json = False,
) -> None:
    """Recompute the log from its rows; exits with 1 and says where when something differs.

    Example: warehouse audit verify --published /mnt/elsewhere/heads.jsonl
    """
    settings = AuditSettings()
    file = published or _existing(settings.publish_file)
    heads = published_heads(file) if file else {}
    report = verify_log(connection, trusted_keys(settings, key or ()), moment(since), heads, jobs)
    emit(asdict(report), as_json, lambda _: _show(report))
    for finding in report.findings:
        complain(finding.told)
    if report.findings:
        raise typer.Exit(1)


@app.command()
def prove(event: Event = None, trade: Trade = None, between: Between = None) -> None:
    """Print a proof that an event or a trade is in the log, or that one log begins with another.

    Example: warehouse audit prove --trade 17:2026-01-05T14:30:00Z:4711
    """
    if sum(each is not None for each in (event, trade, between)) != 1:
        raise typer.BadParameter("give one of --event, --trade and --between.")
    with connection() as conn:
        if between is not None:
            page = prove_growth(conn, *sorted(between))
        elif event is not None:
            page = prove_event(conn, event)
        else:
            page = prove_row(conn, "trading.trades", _trade_key(str(trade)))
    print(json.dumps(page, indent=2))


@app.command()
def export(out: Out, since: Since = None, rows: Rows = False) -> None:
    """Write a bundle that `python -m warehouse.audit.offline` checks without a database.

    Example: warehouse audit export --out audit.jsonl.gz --rows
    """
    with connection() as conn:
        seals = export_bundle(conn, out, moment(since), rows=rows)
    lines([f"{seals} seals are in {out}."])


@app.command()
def relay(
    name: Reader,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until stopped.")] = False,
    every: Annotated[float, typer.Option(min=0.1, help="With --follow: seconds in between.")] = 1.0,
) -> None:
    """Print what was written since NAME last asked, an event a line, to be piped to other systems.

    Example: warehouse audit relay lake --follow | kcat -P -t tapehouse
    """

    def once() -> None:
        with connection() as conn:
            relay_events(conn, name, _pass_on)

    if follow:
        keep_watch(once, every)
    else:
        once()


def _pass_on(page: list[str]) -> None:
    try:
        sys.stdout.writelines(f"{line}\n" for line in page)
        sys.stdout.flush()
    except BrokenPipeError:
        raise typer.Exit(1) from None  # nobody reads any more: to try again is no use


@app.command()
def rebase() -> None:
    """Let a log that was restored from a dump on another server be read on; `doctor` says when.

    Example: warehouse audit rebase
    """
    with connection() as conn, conn.transaction():
        moved = rebase_log(conn)
    lines(
        [f"{moved} events have transaction ids of this server; its readers go on where they were."]
    )


def _trade_key(given: str) -> tuple[str, ...]:
    account, _, rest = given.partition(":")
    at, _, trade_id = rest.rpartition(":")
    if not (account.isdigit() and _is_moment(at) and trade_id.isdigit()):
        raise typer.BadParameter(
            "a trade is named ACCOUNT:TIME:ID, as 17:2026-01-05T14:30:00Z:4711."
        )
    return account, at, trade_id


def _is_moment(given: str) -> bool:
    try:
        datetime.fromisoformat(given)
    except ValueError:
        return False
    return True


def _existing(path: Path | None) -> Path | None:
    return path if path and path.exists() else None


def _show(report: Report) -> None:
    lines(
        [
            f"{report.seals} seals with {report.events} events, and {report.rows} rows, recomputed.",
            *_skipped(report),
            f"{report.unsealed} events wait to be sealed.",
            f"{len(report.findings)} things are wrong." if report.findings else "All is as sealed.",
        ]
    )


def _skipped(report: Report) -> list[str]:
    told = []
    if report.archived_events:
        told.append(
            f"{report.archived_events} events were archived; their leaves stand in the seals."
        )
    if report.archived_rows:
        told.append(f"{report.archived_rows} rows were archived; their events are as sealed.")
    return told
