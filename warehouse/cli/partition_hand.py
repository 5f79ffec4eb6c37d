"""`warehouse partitions attach | detach | drop | hold`: one partition, by name."""

import getpass
from typing import Annotated

import typer

from warehouse.cli.output import DryRun, Json, console, emit, table
from warehouse.cli.partition_options import (
    Partition,
    Since,
    TableName,
    Until,
    Wait,
    connection,
    moment,
    rows,
    run_by_hand,
    span,
)
from warehouse.partitions import holds
from warehouse.partitions.hand import steps_to_attach, steps_to_detach, steps_to_drop
from warehouse.partitions.lock import Patience, refuse_on_replica
from warehouse.partitions.naming import Bounds
from warehouse.partitions.policy import policies, policy_of

LOCK_TIMEOUT = Patience.lock_timeout


def register(app: typer.Typer) -> None:
    for command in (attach, detach, drop, hold):
        app.command()(command)


def detach(
    parent: TableName,
    partition: Partition,
    wait: Wait = LOCK_TIMEOUT,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Make a partition, and what rotates with it, a table of its own; every gate must be open.

    Example: warehouse partitions detach trading.trades trades_p20240101
    """
    done = run_by_hand(lambda conn: steps_to_detach(conn, parent, partition), wait, dry_run=dry_run)
    emit(rows(done), as_json, table)


def attach(
    parent: TableName,
    partition: Partition,
    since: Since = None,
    until: Until = None,
    wait: Wait = LOCK_TIMEOUT,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Make a table a partition: checked, indexed and keyed first, then attached in an instant.

    Example: warehouse partitions attach trading.trades trades_p20240101
    """
    given = span(since, until)
    bounds = Bounds(*given) if given else None
    done = run_by_hand(
        lambda conn: steps_to_attach(conn, parent, partition, bounds), wait, dry_run=dry_run
    )
    emit(rows(done), as_json, table)


def drop(
    parent: TableName,
    partition: Partition,
    wait: Wait = LOCK_TIMEOUT,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Drop a detached table whose archive is verified and that no hold names.

    Example: warehouse partitions drop trading.trades trades_p20240101
    """
    done = run_by_hand(lambda conn: steps_to_drop(conn, parent, partition), wait, dry_run=dry_run)
    emit(rows(done), as_json, table)


def hold(
    parent: Annotated[str | None, typer.Argument(help="Table to hold; none lists holds.")] = None,
    since: Since = None,
    until: Until = None,
    reason: Annotated[str, typer.Option(help="The matter it is held for.")] = "",
    release: Annotated[int | None, typer.Option(help="Let go of the hold of that number.")] = None,
    as_json: Json = False,
) -> None:
    """Keep a table's rows of a time from being retired, or list the holds, or release one.

    Example: warehouse partitions hold trading.trades --from 2024-01-01 --to 2025-01-01 --reason "case 17"
    """
    with connection() as conn:
        if parent is None and release is None:
            found = holds.holds(conn, [policy.parent for policy in policies(conn)])
            emit([vars(each) for each in found], as_json, lambda r: table(r, "Nothing is held."))
            return
        refuse_on_replica(conn)
        with conn.transaction():
            conn.execute("select set_config('warehouse.actor', %s, true)", [getpass.getuser()])
            if release is not None:
                holds.release(conn, release)
                console.print(f"Hold {release} is released.")
                return
            assert parent is not None
            reach = (moment(since), moment(until))
            number = holds.place(conn, policy_of(conn, parent), reach, reason)
    emit({"hold_id": number}, as_json, lambda _: console.print(f"Hold {number} is placed."))
