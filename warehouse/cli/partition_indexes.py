"""`warehouse partitions add-index | reindex | drop-index`: on tables in use, a partition at a time."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from psycopg import Connection

from warehouse.cli.output import DryRun, Json, emit, lines
from warehouse.cli.partition_options import TableName, connection
from warehouse.partitions import index_runs
from warehouse.partitions.index_catalog import columns_of, split_name
from warehouse.partitions.index_runs import Waits
from warehouse.partitions.indexes import (
    IndexStep,
    OnlineIndex,
    plan_add,
    plan_drop,
)

Wait = Annotated[
    str,
    typer.Option(help="How long a build waits for older transactions to end; it blocks nobody."),
]


def register(app: typer.Typer) -> None:
    app.command("add-index")(add_index)
    app.command()(reindex)
    app.command("drop-index")(drop_index)


def add_index(
    table: TableName,
    columns: Annotated[
        str, typer.Argument(help="Columns with commas between; each may say asc or desc.")
    ],
    name: Annotated[
        str | None, typer.Option(help="Its name; else the table's and the columns'.")
    ] = None,
    using: Annotated[str, typer.Option(help="Access method: btree, brin, gin …")] = "btree",
    unique: Annotated[bool, typer.Option("--unique", help="Let no two rows be alike.")] = False,
    where: Annotated[str | None, typer.Option(help="Condition of a partial index, as SQL.")] = None,
    options: Annotated[
        str | None, typer.Option("--with", help="Storage parameters: pages_per_range=32, …")
    ] = None,
    wait: Wait = Waits.build,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Build an index while the table is read and written; what was cut short is carried on.

    Example: warehouse partitions add-index market.bars "source_id, bar_at desc"
    """
    with connection() as conn:
        index = _wanted(conn, table, columns, name, using, unique, where, options)
        steps = (
            plan_add(conn, index)
            if dry_run
            else index_runs.add_index(conn, index, Waits(build=wait))
        )
    _show(steps, as_json, "The index stands and is valid.")


def reindex(
    table: TableName,
    index: Annotated[str | None, typer.Option(help="Only this one; else every index.")] = None,
    wait: Wait = Waits.build,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Rebuild a table's indexes while it is read and written; a run that was cut short goes on.

    Example: warehouse partitions reindex market.bars --index bars_bar_at_idx
    """
    schema, bare = split_name(table)
    with connection() as conn:
        steps = (
            index_runs.pending_reindex(conn, schema, bare, index)[1]
            if dry_run
            else index_runs.reindex(conn, schema, bare, index, Waits(build=wait))
        )
    _show(steps, as_json, "There is no index to rebuild.")


def drop_index(
    index: Annotated[str, typer.Argument(help="Index, as schema.index.")],
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Drop an index; a partitioned one locks its table for an instant, when no reader is on it.

    Example: warehouse partitions drop-index market.bars_source_id_idx
    """
    schema, name = split_name(index)
    with connection() as conn:
        steps = (
            plan_drop(conn, schema, name) if dry_run else index_runs.drop_index(conn, schema, name)
        )
    _show(steps, as_json, "There was nothing to drop.")


def _wanted(
    conn: Connection[Any],
    table: str,
    columns: str,
    name: str | None,
    using: str,
    unique: bool,
    where: str | None,
    options: str | None,
) -> OnlineIndex:
    schema, bare = split_name(table)
    quoted, names = columns_of(conn, schema, bare, columns.split(","))
    return OnlineIndex(
        name or f"{bare}_{'_'.join(names)}_idx",
        schema,
        bare,
        quoted,
        using,
        where,
        unique,
        options,
    )


def _show(steps: Sequence[IndexStep], as_json: bool, nothing: str) -> None:
    rows = [
        {
            "step": step.what,
            "table": f"{step.schema}.{step.table}",
            "index": step.name,
            "statement": str(step),
        }
        for step in steps
    ]
    emit(rows, as_json, lambda rows: lines([row["statement"] for row in rows] or [nothing]))
