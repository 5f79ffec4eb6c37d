"""`warehouse partitions`: what the tables are cut into, and the pieces they need next."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from warehouse.access import OWNER
from warehouse.cli import (
    partition_archive,
    partition_hand,
    partition_indexes,
    partition_partman,
    partition_policy,
)
from warehouse.cli.output import DryRun, Json, complain, console, emit, lines, table
from warehouse.cli.partition_options import (
    Every,
    Since,
    Tables,
    Until,
    Wait,
    Watch,
    connection,
    keep_watch,
    rows,
    span,
)
from warehouse.partitions.apply import apply as apply_plan
from warehouse.partitions.catalog import State, World, read_world
from warehouse.partitions.check import Health
from warehouse.partitions.check import check as examine
from warehouse.partitions.lock import OnReplica, Patience
from warehouse.partitions.plan import Plan
from warehouse.partitions.planning import make_plan
from warehouse.partitions.policy import policy_of
from warehouse.partitions.statements import script

app = typer.Typer(no_args_is_help=True, help="See, make, retire and bring back partitions.")

AllBrin = Annotated[bool, typer.Option("--brin", help="Show every partition's BRINs instead.")]
AsSql = Annotated[bool, typer.Option("--sql", help="Print the SQL instead.")]


@app.command("list")
def list_(tables: Tables = None, as_json: Json = False) -> None:
    """List the partitioned tables with their reach, or the partitions of the named ones.

    Example: warehouse partitions list trading.trades
    """
    with connection() as conn:
        for name in tables or ():
            policy_of(conn, name)
        world = read_world(conn, datetime.now(UTC), tables)
    if tables:
        found = [row for state in _named(world, tables) for row in _partitions(state)]
    else:
        found = [_reach(state) for state in world.states]
    emit(found, as_json, lambda rows: table(rows, "There is none."))


@app.command()
def plan(
    tables: Tables = None,
    since: Since = None,
    until: Until = None,
    as_sql: AsSql = False,
    as_json: Json = False,
) -> None:
    """Print what the policies ask for, and which gate keeps what is due; nothing is done.

    Example: warehouse partitions plan --sql
    """
    with connection() as conn:
        for name in tables or ():
            policy_of(conn, name)
        found = make_plan(conn, datetime.now(UTC), tables, span(since, until))
        if as_sql:
            lines([f"set role {OWNER};"] if found.steps else [])
            lines(f"{each.as_string(conn)};" for step in found.steps for each in script(step))
            return
    emit(_as_rows(found), as_json, _show)


@app.command()
def apply(
    tables: Tables = None,
    since: Since = None,
    until: Until = None,
    wait: Wait = Patience.lock_timeout,
    watch: Watch = False,
    every: Every = 3600.0,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Do what the policies ask for, each step in a short transaction of its own.

    Example: warehouse partitions apply
    """
    if dry_run:
        plan(tables, since, until, as_json=as_json)
    elif watch:
        keep_watch(lambda: _apply_once(tables, since, until, wait, as_json=as_json), every)
    elif not _apply_once(tables, since, until, wait, as_json=as_json):
        raise typer.Exit(1)


@app.command()
def check(
    tables: Tables = None,
    brin: AllBrin = False,
    watch: Watch = False,
    every: Every = 300.0,
    as_json: Json = False,
) -> None:
    """Say how far ahead partitions reach and what lags behind; exits with 1 when someone must act.

    Example: warehouse partitions check
    """
    if watch:
        keep_watch(lambda: _check_once(tables, brin=brin, as_json=as_json), every)
    elif not _check_once(tables, brin=brin, as_json=as_json):
        raise typer.Exit(1)


for module in (
    partition_policy,
    partition_hand,
    partition_archive,
    partition_indexes,
    partition_partman,
):
    module.register(app)


def _apply_once(
    tables: list[str] | None,
    since: datetime | None,
    until: datetime | None,
    wait: int,
    *,
    as_json: bool,
) -> bool:
    """Whether all went well; a problem with one table does not keep the others from going on."""
    with connection() as conn:
        for name in tables or ():
            policy_of(conn, name)
        try:
            found, outcome = apply_plan(conn, tables, span(since, until), Patience(wait))
        except OnReplica as replica:
            told = str(replica)
            emit(_as_rows(Plan()), as_json, lambda _: console.print(told))
            return True
    done = Plan(outcome.done, found.blocked, found.problems)
    emit(_as_rows(done), as_json, _show)
    failed = [f"{step.kind} of {step.partition}: {message}" for step, message in outcome.failed]
    for message in (*failed, *(f"{p.parent}: {p.message}" for p in found.problems)):
        complain(message)
    return not (failed or found.problems)


def _check_once(tables: list[str] | None, *, brin: bool, as_json: bool) -> bool:
    with connection() as conn:
        for name in tables or ():
            policy_of(conn, name)
        health = examine(conn, datetime.now(UTC), tables)
    show = _show_brin if brin else _show_health
    emit([asdict(each) for each in health], as_json, lambda _: show(health))
    return not any(each.act for each in health)


def _show_health(health: list[Health]) -> None:
    table(
        [
            {
                "table": each.table,
                "headroom": f"{each.headroom_days:.0f} days",
                "missing": each.missing or None,
                "homeless rows": each.homeless_rows or None,
                "pending": each.pending or None,
                "retention lag": each.retention_lag_days and f"{each.retention_lag_days:.0f} days",
            }
            for each in health
        ],
        "No table is partitioned.",
    )
    lines(f"{each.table}: {told}" for each in health for told in each.act)
    if slow := [told for each in health for told in each.degraded]:
        more = f" (and {len(slow) - 1} more; --brin shows all)" if len(slow) > 1 else ""
        lines([f"degraded: {slow[0]}{more}"])


def _show_brin(health: list[Health]) -> None:
    table(
        [
            {
                "index": each.index,
                "column": each.column_name,
                "correlation": each.correlation,
                "heap pages": each.heap_pages,
                "of the heap": f"{each.share:.3%}",
                "unsummarized": f"{each.unsummarized} of {each.ranges}",
                "counted": "yes" if each.is_exact else "estimated",
            }
            for one in health
            for each in one.brin
        ],
        "No partition has a BRIN.",
    )
    lines(told for each in health for told in each.degraded)


def _as_rows(found: Plan) -> dict[str, Any]:
    return {
        "steps": rows(found.steps),
        "blocked": [asdict(each) for each in found.blocked],
        "problems": [asdict(each) for each in found.problems],
    }


def _show(found: dict[str, Any]) -> None:
    table(found["steps"], "Nothing is to be done.")
    if found["blocked"]:
        console.print("\nDue, but a gate is closed:")
        table(found["blocked"])
    if found["problems"]:
        console.print("\nLeft out:")
        lines(f"{each['parent']}: {each['message']}" for each in found["problems"])


def _named(world: World, tables: list[str]) -> list[State]:
    return [state for state in world.states if state.policy.parent in tables]


def _reach(state: State) -> dict[str, Any]:
    policy, there = state.policy, state.partitions
    return {
        "table": policy.parent,
        "interval": policy.interval,
        "premake": policy.premake,
        "retention": policy.retention,
        "partitions": len(there),
        "from": there[0].bounds.start if there else None,
        "to": there[-1].bounds.end if there else None,
    }


def _partitions(state: State) -> list[dict[str, Any]]:
    attached = [
        (p.bounds, p.name, "detach pending" if p.pending else "attached", state.policy.schema)
        for p in state.partitions
    ]
    alone = [(t.bounds, t.name, "detached", t.home) for t in state.detached]
    return [
        {
            "table": state.policy.parent,
            "partition": f"{home}.{name}",
            "from": bounds.start,
            "to": bounds.end,
            "state": stands,
            "archive": state.archives[name].state if name in state.archives else None,
        }
        for bounds, name, stands, home in sorted(attached + alone)
    ]
