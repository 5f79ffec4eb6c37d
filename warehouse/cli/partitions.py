"""`warehouse partitions`: what the tables are cut into, and the pieces they need next."""

from typing import Any

import typer
from psycopg import Connection, connect

from warehouse.cli.output import DryRun, Json, emit, table
from warehouse.db.target import primary
from warehouse.partitions.apply import apply_ahead, partitions, plan_ahead
from warehouse.partitions.plan import Policy
from warehouse.partitions.policy import policies

app = typer.Typer(no_args_is_help=True, help="See and make the partitions of the tables.")


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the partitioned tables with their reach.

    Example: warehouse partitions list
    """
    with connect(**primary().keywords(options="-c timezone=UTC")) as conn:
        rows = [_reach(conn, policy) for policy in policies(conn)]
    emit(rows, as_json, lambda rows: table(rows, "No table is partitioned."))


@app.command()
def plan(as_json: Json = False) -> None:
    """Print the partitions that the policies ask for and that are missing.

    Example: warehouse partitions plan --json
    """
    apply(dry_run=True, as_json=as_json)


@app.command()
def apply(dry_run: DryRun = False, as_json: Json = False) -> None:
    """Make the partitions that the policies ask for, each in a short transaction of its own.

    Example: warehouse partitions apply
    """
    with connect(**primary().keywords(options="-c timezone=UTC"), autocommit=True) as conn:
        steps = plan_ahead(conn) if dry_run else apply_ahead(conn)
    rows = [
        {"table": s.policy.parent, "partition": s.name, "from": s.bounds.start, "to": s.bounds.end}
        for s in steps
    ]
    emit(rows, as_json, lambda rows: table(rows, "Every partition is there."))


def _reach(conn: Connection[Any], policy: Policy) -> dict[str, Any]:
    found = partitions(conn, policy)
    return {
        "table": policy.parent,
        "interval": policy.interval,
        "partitions": len(found),
        "from": found[0].bounds.start if found else None,
        "to": found[-1].bounds.end if found else None,
    }
