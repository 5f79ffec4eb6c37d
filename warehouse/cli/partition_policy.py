"""`warehouse partitions set`: how one table is cut, kept and retired."""

from typing import Annotated, Any, get_args

import typer

from warehouse.cli.output import Json, console, emit
from warehouse.cli.partition_options import TableName, connection
from warehouse.models.base import Interval
from warehouse.partitions.change import change
from warehouse.partitions.lock import refuse_on_replica
from warehouse.partitions.policy import INTERVALS, SPANS

NONE = "none"  # takes a value away


def register(app: typer.Typer) -> None:
    app.command("set")(set_)


def set_(
    parent: TableName,
    interval: Annotated[
        str | None, typer.Option(help=f"Span of one: {', '.join(get_args(Interval))}.")
    ] = None,
    premake: Annotated[int | None, typer.Option(help="Partitions to keep ready ahead.")] = None,
    retention: Annotated[
        str | None, typer.Option(help="Age past which one is retired: '7 years', or none.")
    ] = None,
    retention_schema: Annotated[
        str | None, typer.Option(help="Schema that retired ones move to, or none.")
    ] = None,
    retention_keep_table: Annotated[
        bool | None, typer.Option(help="Whether a retired one stays as a table.")
    ] = None,
    retention_keep_index: Annotated[
        bool | None, typer.Option(help="Whether such a table keeps its indexes.")
    ] = None,
    retention_keep_publication: Annotated[
        bool | None, typer.Option(help="Whether it stays in its publications.")
    ] = None,
    infinite_time_partitions: Annotated[
        bool | None, typer.Option(help="Whether to go ahead of the clock, or only of the rows.")
    ] = None,
    automatic_maintenance: Annotated[
        bool | None, typer.Option(help="Whether `apply` sees to it unasked.")
    ] = None,
    maintenance_order: Annotated[int | None, typer.Option(help="Lower is seen to first.")] = None,
    as_json: Json = False,
) -> None:
    """Change a table's policy; what is not named stays as it is.

    Example: warehouse partitions set trading.trades --retention "7 years" --premake 6
    """
    given = {
        "partition_interval": _span(interval),
        "premake": premake,
        "retention": retention,
        "retention_schema": retention_schema,
        "retention_keep_table": retention_keep_table,
        "retention_keep_index": retention_keep_index,
        "retention_keep_publication": retention_keep_publication,
        "infinite_time_partitions": infinite_time_partitions,
        "automatic_maintenance": _on_off(automatic_maintenance),
        "maintenance_order": maintenance_order,
    }
    wanted = {name: value for name, value in given.items() if value is not None}
    with connection() as conn, conn.transaction():
        refuse_on_replica(conn)
        version = change(conn, parent, {n: None if v == NONE else v for n, v in wanted.items()})
    emit({"table": parent, "version": version}, as_json, _told)


def _told(changed: dict[str, Any]) -> None:
    if changed["version"] is None:
        console.print(f"{changed['table']} is so already.")
    else:
        console.print(f"{changed['table']} is at version {changed['version']} of its policy.")


def _span(interval: str | None) -> str | None:
    spans = {str(name): span.value for name, span in SPANS.items()} | {s: s for s in INTERVALS}
    if interval is None:
        return None
    if interval not in spans:
        raise typer.BadParameter(f"{interval} is no interval; choose {', '.join(SPANS)}.")
    return spans[interval]


def _on_off(flag: bool | None) -> str | None:
    return None if flag is None else "on" if flag else "off"
