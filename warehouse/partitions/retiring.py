"""Retires partitions: gates once more, floors, detach, and what the policy says of the table then."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection, sql

from warehouse.errors import WarehouseError
from warehouse.partitions import ledger, statements
from warehouse.partitions.catalog import read_world
from warehouse.partitions.gates import Candidate, read_drop_gates, read_gates
from warehouse.partitions.ledger import is_attached
from warehouse.partitions.lock import Held, Patience, limit_waits, lock, referenced, settings
from warehouse.partitions.naming import quoted
from warehouse.partitions.owner import as_owner
from warehouse.partitions.plan import Detach, Drop, DropIndexes, DropKey, Move, Reason, Step
from warehouse.sql import query


class GateClosed(WarehouseError):
    """Something stands in the way of retiring that partition; nothing was changed."""


class OtherRows(WarehouseError):
    """A detached partition holds other rows than its archive."""


# -- before ----------------------------------------------------------------------------------------


def refuse_unless_open(conn: Connection[Any], step: Detach | Drop) -> None:
    """The gates once more, right before the step: the plan may have been made a while ago."""
    candidate = Candidate(step.policy.parent, step.name, step.bounds)
    world = read_world(conn, datetime.now(UTC), [step.policy.parent])
    if isinstance(step, Drop):
        gates = read_drop_gates(conn, world, [candidate])
    else:
        gates = read_gates(conn, world, [candidate], by_hand=True)
    if reasons := gates.get(candidate):
        raise closed(step.partition, reasons)


def closed(partition: str, reasons: Iterable[Reason]) -> GateClosed:
    """Says which gates, and that nothing happened."""
    told = "; ".join(f"{gate}: {text}" for gate, text in reasons)
    return GateClosed(f"{partition} stays. {told}. Nothing was changed.")


def leave_publications(conn: Connection[Any], step: Detach) -> None:
    """A table that is retired no longer needs to be sent anywhere, unless the policy says so.

    Done as the login, whose publications they are, and before the detach, so that a right that is
    missing is told while nothing has changed.
    """
    if step.policy.retention_keep_publication:
        return
    table = sql.Identifier(step.policy.schema, step.name)
    named = {"table": table.as_string()}
    for (name,) in conn.execute(query("partitions/list_publications"), named).fetchall():
        leave = sql.SQL("alter publication {} drop table {}")
        conn.execute(leave.format(sql.Identifier(name), table))


def raise_floors(conn: Connection[Any], step: Detach, patience: Patience) -> None:
    """Freeze what rollups hold of the partition before its rows go out of sight, never after.

    A refresh locks its rollup's row before it reads the floor; so this waits for the one under way.
    """
    for attempt in patience.retrying(conn):
        with attempt, conn.transaction(), as_owner(conn):
            limit_waits(conn, patience)
            raised = {"parent": step.policy.parent, "floor": step.bounds.end}
            conn.execute(query("partitions/raise_floors"), raised)


def freeze_openings(conn: Connection[Any], step: Detach, patience: Patience) -> None:
    """Let positions begin with what was held when the partition ends, for its trades are read no more.

    An account at a time, so that bookings wait for an instant; a floor already refuses older trades.
    """
    if step.policy.parent != "trading.trades":
        return
    bounds = {"starts_at": step.bounds.start, "ends_at": step.bounds.end}
    for (account_id,) in conn.execute(query("partitions/list_traded_accounts"), bounds).fetchall():
        for attempt in patience.retrying(conn):
            with attempt, conn.transaction(), as_owner(conn):
                limit_waits(conn, patience)
                conn.execute(
                    query("partitions/freeze_openings"), bounds | {"account_id": account_id}
                )


# -- the detach ------------------------------------------------------------------------------------

# Where others refer to a partition, DETACH joins it with all of theirs under a SHARE lock on them.
# Begun with the rows that go, each looks up the partition of its time, finds none and is done in 0.6 µs
# among 12 partitions, in 2.5 among 84; begun with those that stay, each takes 0.1 to 0.5 µs. The planner
# does not count what is ruled out by the time, so it is told that every row it reads is dear.
FIND_LEFTOVERS = {
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
    "random_page_cost": "0",
    "cpu_index_tuple_cost": "1",
    "jit": "off",
}


def detach_concurrently(conn: Connection[Any], step: Step, patience: Patience) -> None:
    """SHARE UPDATE EXCLUSIVE on the parent; waits, without a lock, for who still reads the partition.

    When that takes longer than lock_timeout the detach is left pending, and the next attempt
    finalizes it.
    """
    named = {"parent": step.policy.parent, "partition": quoted(step.partition)}
    row = conn.execute(query("partitions/read_partition_state"), named).fetchone()
    if row is None:
        return
    how = "finalize" if row[0] else "concurrently"
    waits = {"lock_timeout": f"{patience.lock_timeout}ms"}
    with as_owner(conn), settings(conn, waits | FIND_LEFTOVERS):
        conn.execute(statements.detach_partition(step, how))


def detach(conn: Connection[Any], held: Held, step: Detach) -> int | None:
    """At once, under ACCESS EXCLUSIVE on the parent: for the audit, and beside a default partition."""
    event_id = ledger.record(conn, step)
    if is_attached(conn, step.policy.parent, step.partition):
        lock(conn, held, "access exclusive", [(step.policy.schema, step.policy.table)])
        conn.execute(statements.detach_partition(step))
    return event_id


def refuse_other_rows(conn: Connection[Any], step: Step, home: str) -> None:
    """What came between the archive and the detach must not go with the partition.

    Every row is compared; the table is detached, so that nobody writes to it or waits.
    """
    from warehouse.partitions.archive import holds
    from warehouse.partitions.archive.records import archive_in_force

    table = f"{home}.{step.name}"
    there = conn.execute(query("partitions/read_table_kind"), {"table": quoted(table)}).rowcount
    archive = archive_in_force(conn, step.policy.parent, step.partition)
    if there and archive and not holds(conn, replace(archive, partition=table)):
        raise OtherRows(
            f"{table} holds other rows than its archive {archive.archive_id}: some were written "
            "since. Nothing is lost, the table stands by itself; bring it back with `warehouse "
            f"partitions attach {step.policy.parent} {step.name}` and archive it anew."
        )


# -- afterwards ------------------------------------------------------------------------------------


def drop_key(conn: Connection[Any], held: Held, step: DropKey) -> None:
    """ACCESS EXCLUSIVE on the table referred to, each of its partitions included."""
    lock(conn, held, "access exclusive", referenced(conn, step.partition, step.key))
    conn.execute(statements.drop_key(step))


def drop_indexes(conn: Connection[Any], step: DropIndexes) -> None:
    named = {"table": quoted(f"{step.home}.{step.name}")}
    for schema, name in conn.execute(query("partitions/list_loose_indexes"), named).fetchall():
        conn.execute(sql.SQL("drop index {}").format(sql.Identifier(schema, name)))


def move(conn: Connection[Any], step: Move) -> None:
    conn.execute(statements.move_table(step))


def drop(conn: Connection[Any], held: Held, step: Drop) -> int | None:
    """ACCESS EXCLUSIVE on everything that the table's keys refer to, for an instant.

    Nobody places a hold between the last look at the gates and the commit.
    """
    conn.execute("lock table audit.holds in share mode")
    refuse_unless_open(conn, step)
    event_id = ledger.record(conn, step)
    lock(conn, held, "access exclusive", referenced(conn, f"{step.home}.{step.name}"))
    conn.execute(statements.drop_table(step))
    return event_id
