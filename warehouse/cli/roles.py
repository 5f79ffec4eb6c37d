"""`warehouse roles`: the group roles that everything is granted to."""

import typer
from psycopg import connect

from warehouse.access import ensure_roles, plan_roles
from warehouse.cli.output import DryRun, Json, emit, lines
from warehouse.db.target import primary

app = typer.Typer(no_args_is_help=True, help="Make the roles; they belong to the whole cluster.")


@app.command()
def ensure(dry_run: DryRun = False, as_json: Json = False) -> None:
    """Make the roles that are missing, and let the current user act as each.

    Example: warehouse roles ensure --dry-run
    """
    with connect(**primary().keywords(), autocommit=True) as conn:
        changes = plan_roles(conn) if dry_run else ensure_roles(conn)
    emit(
        [str(change) for change in changes],
        as_json,
        lambda rows: lines(rows or ["All roles are in place."]),
    )
