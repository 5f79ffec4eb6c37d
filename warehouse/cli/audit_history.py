"""`warehouse audit history | reads | reconcile`: who changed and who read what, and whether all of it is there."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from typing import Annotated, Any

import typer
from psycopg import Connection

from warehouse.audit.history import Asked, Event, Page, Position, events
from warehouse.audit.reads import AskedReads, Read, reads
from warehouse.audit.reconcile import Discrepancy, Period, reconcile
from warehouse.audit.versions import Record, Version, as_of, record, versions
from warehouse.cli.output import Json, complain, console, emit, lines, table
from warehouse.cli.partition_options import Since, Until, connection, moment

DAY, SECOND = "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"
# Who looks for what is wrong needs the first of it; a program asks for JSON and gets all.
SHOWN = 100

TableName = Annotated[str | None, typer.Option("--table", help="Table, as schema.table.")]
Key = Annotated[
    str | None, typer.Option(help="With --table: one row, its primary key joined by '/'.")
]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        formats=[DAY, SECOND, f"{SECOND}.%f"],
        help="With --key: the row as it was, UTC.",
    ),
]
Account = Annotated[int | None, typer.Option(help="What touched that account, by its id.")]
Instrument = Annotated[int | None, typer.Option(help="What touched that instrument, by its id.")]
Actor = Annotated[str | None, typer.Option(help="What that person or program did.")]
Request = Annotated[str | None, typer.Option(help="What was done for that request.")]
EventId = Annotated[int | None, typer.Option("--event", help="One event, by its id.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="Rows of a page.")]
Cursor = Annotated[str | None, typer.Option(help="Where to go on, as the page before said.")]
OldestFirst = Annotated[bool, typer.Option("--oldest-first", help="From the beginning on.")]
Login = Annotated[str | None, typer.Option(help="What that person or program read.")]
Report = Annotated[str | None, typer.Option(help="Who read that report.")]
Tables = Annotated[
    list[str] | None, typer.Argument(help="Tables, as schema.table; else every one.")
]
From = Annotated[
    datetime | None,
    typer.Option("--since", formats=[DAY, SECOND], help="Only what was written from then on, UTC."),
]


def register(app: typer.Typer) -> None:
    for command in (history, reads_, reconcile_):
        app.command(command.__name__.rstrip("_"))(command)


def history(
    table_name: TableName = None,
    key: Key = None,
    as_of_: AsOf = None,
    account: Account = None,
    instrument: Instrument = None,
    actor: Actor = None,
    request: Request = None,
    event: EventId = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    oldest_first: OldestFirst = False,
    as_json: Json = False,
) -> None:
    """Tell who changed what: the events that match, or with --key the versions of one row.

    Example: warehouse audit history --table trading.orders --key 5/17 --as-of 2026-03-01
    """
    after = Position.parse(cursor) if cursor else None
    _refuse_backwards(since, until)
    with connection() as conn:
        if key is not None:
            if table_name is None:
                raise typer.BadParameter("--key is the key of a row: name its --table, too.")
            if any(
                each is not None
                for each in (account, instrument, actor, request, event, since, until)
            ):
                raise typer.BadParameter("--key tells all of one row: only --as-of narrows it.")
            _tell_record(conn, record(conn, table_name, key), as_of_, after, limit, as_json)
            return
        if as_of_ is not None:
            raise typer.BadParameter("--as-of is about one row: name its --table and --key.")
        asked = Asked(
            table=table_name,
            account_id=account,
            instrument_id=instrument,
            actor=actor,
            request_id=request,
            since=moment(since),
            until=moment(until),
            event_ids=None if event is None else [event],
        )
        page = events(conn, asked, after=after, limit=limit, newest_first=not oldest_first)
    emit(_page(page), as_json, lambda _: _show_events(page))


def reads_(
    login: Login = None,
    report: Report = None,
    request: Request = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: Json = False,
) -> None:
    """Tell who read which report, with which filter, newest first.

    Example: warehouse audit reads --login ann --from 2026-03-01
    """
    _refuse_backwards(since, until)
    asked = AskedReads(login, report, request, moment(since), moment(until))
    after = Position.parse(cursor) if cursor else None
    with connection() as conn:
        found, following = reads(conn, asked, after=after, limit=limit)
    rows = [_read(each) for each in found]
    emit(
        {"reads": rows, "next": following and str(following)},
        as_json,
        lambda _: table(rows, "No read matches."),
    )
    if not as_json:
        _say_more(following)


def reconcile_(tables: Tables = None, since: From = None, as_json: Json = False) -> None:
    """Prove that no row is without its event and no event without its rows; exits 1 if not.

    Example: warehouse audit reconcile --since 2026-03-01
    """
    periods: list[dict[str, Any]] = []
    wrong: Counter[str] = Counter()
    with connection() as conn, conn.transaction():
        for found in reconcile(conn, since=moment(since), tables=tables):
            if isinstance(found, Period):
                periods.append(asdict(found))
                continue
            wrong[found.what] += 1
            if as_json:
                print(json.dumps({"wrong": asdict(found)}, default=str))
            elif wrong.total() <= SHOWN:
                complain(_sentence(found))
    if as_json:
        lines(json.dumps({"period": each}, default=str) for each in periods)
    else:
        _show_periods(periods, wrong)
    if wrong:
        raise typer.Exit(1)


def _refuse_backwards(since: datetime | None, until: datetime | None) -> None:
    if since and until and since >= until:
        raise typer.BadParameter("--from is not before --to, so nothing could match.")


# -- one row ---------------------------------------------------------------------------------------


def _tell_record(
    conn: Connection[Any],
    of: Record,
    at: datetime | None,
    after: Position | None,
    limit: int,
    as_json: bool,
) -> None:
    if at is not None:
        then = as_of(conn, of, moment(at) or at)
        emit(_version(then), as_json, lambda _: _show_state(then))
        return
    found = versions(conn, of, after=after, limit=limit)
    told = {
        "versions": [_version(each) for each in found.versions],
        "next": found.next and str(found.next),
    }
    emit(told, as_json, lambda _: table([_change(each) for each in found.versions]))
    if not as_json:
        _say_more(found.next)


def _version(version: Version) -> dict[str, Any]:
    return {
        "event": version.event and asdict(version.event),
        "state": version.state,
        "changes": version.changes,
    }


def _change(version: Version) -> dict[str, Any]:
    event = version.event
    shown = ", ".join(f"{c}: {old} → {new}" for c, (old, new) in version.changes.items())
    return {
        "when": event and _when(event.occurred_at),
        "event": event and event.event_id,
        "actor": event and event.actor,
        "what": event.operation if event else "before the log began",
        "request": event and event.request_id,
        "reason": event and event.reason,
        "changes": shown if version.before and version.state else version.state or "gone",
    }


def _show_state(version: Version) -> None:
    if version.state is None:
        console.print("It was not there then.")
        return
    if version.event:
        event = version.event
        console.print(
            f"Written by {event.actor} at {_when(event.occurred_at)}, event {event.event_id}."
        )
    table([{"column": name, "value": value} for name, value in version.state.items()])


# -- many ------------------------------------------------------------------------------------------


def _page(page: Page) -> dict[str, Any]:
    return {"events": [asdict(each) for each in page.events], "next": page.next and str(page.next)}


def _show_events(page: Page) -> None:
    table([_event(each) for each in page.events], "No event matches.")
    _say_more(page.next)


def _event(event: Event) -> dict[str, Any]:
    return {
        "when": _when(event.occurred_at),
        "event": event.event_id,
        "actor": event.actor,
        "table": event.relation,
        "what": event.operation,
        "rows": event.row_count,
        "accounts": _keys(event.account_ids),
        "instruments": _keys(event.instrument_ids),
        "request": event.request_id,
        "reason": event.reason,
    }


def _read(read: Read) -> dict[str, Any]:
    named = {each.name: getattr(read, each.name) for each in fields(read)}
    return {**named, "accessed_at": _when(read.accessed_at)}


def _keys(keys: Iterable[int] | None) -> str:
    return "many" if keys is None else " ".join(map(str, keys))


def _when(at: datetime) -> str:
    return at.isoformat(sep=" ", timespec="microseconds")


def _say_more(following: Position | None) -> None:
    if following:
        lines([f"More: --cursor {following}"])


# -- reconciliation --------------------------------------------------------------------------------


def _sentence(found: Discrepancy) -> str:
    event = "" if found.event_id is None else f", event {found.event_id}"
    about = f" ({found.about})" if found.about else ""
    return f"{found.table}{event}: {found.what}, {found.rows}{about}"


def _show_periods(periods: Iterable[Mapping[str, Any]], wrong: Counter[str]) -> None:
    table(
        [{**each, "month": each["month"] and f"{each['month']:%Y-%m}"} for each in periods],
        "No event of a fact is in what was looked at.",
    )
    if not wrong:
        console.print("Every row has its event, and every event its rows.")
        return
    if wrong.total() > SHOWN:
        complain(f"{wrong.total() - SHOWN} more are left out here; --json prints every one")
    complain("; ".join(f"{what}: {count}" for what, count in wrong.most_common()))
