"""`warehouse partitions export-partman | adopt`: to pg_partman, and from it."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from warehouse.cli.output import DryRun, Json, emit, lines
from warehouse.cli.partition_options import TableName, Tables, connection
from warehouse.partitions.adopt import adopt as take_over
from warehouse.partitions.adopt import plan_adoption
from warehouse.partitions.lock import refuse_on_replica
from warehouse.partitions.partman import export, export_sql
from warehouse.partitions.policy import policies


def register(app: typer.Typer) -> None:
    app.command("export-partman")(export_partman)
    app.command()(adopt)


def export_partman(
    tables: Tables = None,
    as_sql: Annotated[bool, typer.Option("--sql", help="Print the SQL instead.")] = False,
    as_json: Json = False,
) -> None:
    """Hand tables to pg_partman: it makes partitions ahead, in UTC, and never retires one.

    Example: warehouse partitions export-partman market.bars --sql
    """
    with connection() as conn:
        wanted = tables or [policy.parent for policy in policies(conn)]
        if as_sql:
            print(export_sql(conn, wanted))
            return
        refuse_on_replica(conn)
        partman = export(conn, wanted, datetime.now(UTC))
    told = [
        *wanted,
        f"pg_partman {partman.version} carries on with them when it is run as the owner:",
        f"set role warehouse_owner; select {partman.schema}.run_maintenance();",
    ]
    emit({"tables": wanted, "version": partman.version}, as_json, lambda _: lines(told))


def adopt(
    table: TableName,
    keep_names: Annotated[
        bool, typer.Option("--keep-names", help="Leave the partitions' names as they are.")
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take over a table that pg_partman cuts: a policy for it, its partitions named as ours.

    Example: warehouse partitions adopt public.measurements --dry-run
    """
    with connection() as conn:
        plan = plan_adoption if dry_run else take_over
        steps = plan(conn, table, keep_names=keep_names)
    said = [str(step) for step in steps]
    emit(said, as_json, lambda rows: lines(rows or [f"{table} is one of ours already."]))
