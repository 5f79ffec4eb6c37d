"""Makes partitions: beside the parent, checked, then attached, so that readers and writers go on."""

from typing import Any

from psycopg import Connection, sql
from psycopg.errors import DuplicateTable
from psycopg.rows import dict_row

from warehouse.access import OWNER
from warehouse.partitions import ledger
from warehouse.partitions.ledger import is_attached
from warehouse.partitions.lock import Held, Patience, limit_waits, lock, referenced
from warehouse.partitions.naming import quoted
from warehouse.partitions.owner import as_owner
from warehouse.partitions.plan import Attach, Create, Step
from warehouse.partitions.planning import name_taken
from warehouse.partitions.statements import (
    attach_partition,
    bounds_condition,
    check_name,
    create_table,
    truncate_trigger,
)
from warehouse.sql import query


def create(conn: Connection[Any], held: Held, step: Create) -> int | None:
    """Make an empty partition; SHARE UPDATE EXCLUSIVE on its parent.

    CREATE … PARTITION OF would take ACCESS EXCLUSIVE. Only the ATTACH, the last thing before the
    commit, takes SHARE ROW EXCLUSIVE on what the keys refer to.
    """
    policy = step.policy
    lock(conn, held, "share update exclusive", [(policy.schema, policy.table)])
    if is_attached(conn, policy.parent, step.partition):
        return None
    try:
        conn.execute(create_table(step))
    except DuplicateTable as error:
        raise name_taken(step) from error
    return _take_in(conn, held, step, policy.schema, "share row exclusive")


def attach(conn: Connection[Any], held: Held, step: Attach) -> int | None:
    """Take in a table that `prepare` made ready.

    For keys that it brings, ATTACH takes ACCESS EXCLUSIVE on what they refer to, for an instant;
    without them it would check every row under SHARE ROW EXCLUSIVE.
    """
    policy, table = step.policy, f"{step.home}.{step.name}"
    lock(conn, held, "share update exclusive", [(policy.schema, policy.table)])
    if is_attached(conn, policy.parent, table):
        return None
    mode = "access exclusive" if referenced(conn, table) else "share row exclusive"
    event_id = _take_in(conn, held, step, step.home, mode)
    reach = {
        "parent": policy.parent,
        "starts_at": step.bounds.start,
        "ends_at": step.bounds.end,
    }
    conn.execute(query("partitions/lower_floors"), reach)
    return event_id


def _take_in(
    conn: Connection[Any], held: Held, step: Create | Attach, home: str, mode: str
) -> int | None:
    """The event comes first, unless the partition is the very one that the event goes into."""
    _add_truncate_triggers(conn, step, f"{home}.{step.name}")
    is_log = step.policy.schema == "audit"
    event_id = None if is_log else ledger.record(conn, step)
    lock(conn, held, mode, referenced(conn, step.policy.parent))
    conn.execute(attach_partition(step, home))
    return ledger.record(conn, step) if is_log else event_id


def _add_truncate_triggers(conn: Connection[Any], step: Step, table: str) -> None:
    """Statement triggers are not inherited: without its own a partition could be emptied unseen."""
    named = {"parent": step.policy.parent, "table": quoted(table)}
    with conn.cursor(row_factory=dict_row) as cursor:
        triggers = cursor.execute(query("partitions/list_truncate_triggers"), named).fetchall()
    for trigger in triggers:
        for statement in truncate_trigger(table, trigger):
            conn.execute(statement)


# -- making a loaded table ready -------------------------------------------------------------------


TRY_ON = (
    "create table {copy} (like {parent} including all excluding identity) partition by range ({control})",
    "alter table {copy} attach partition {table} for values from ({start}) to ({end})",
    "alter table {copy} detach partition {table}",
    "drop table {copy}",
)


def prepare(conn: Connection[Any], step: Attach, patience: Patience) -> None:
    """Check, index and key a table before its attach, where nobody waits for it."""
    table = sql.Identifier(step.home, step.name)
    if is_attached(conn, step.policy.parent, f"{step.home}.{step.name}"):
        return
    owner = conn.execute(query("partitions/read_owner"), {"table": table.as_string()}).fetchone()
    if owner and owner[0] != OWNER:
        give = sql.SQL("alter table {} owner to {}")
        conn.execute(give.format(table, sql.Identifier(OWNER)))
    _prepare_check(conn, step, table, patience)
    build_indexes(conn, step)
    if conn.execute(sql.SQL("select from {} limit 1").format(table)).rowcount:
        _prepare_keys(conn, step, table, patience)


def _prepare_check(
    conn: Connection[Any], step: Attach, table: sql.Identifier, patience: Patience
) -> None:
    named = {"table": table.as_string(), "name": check_name(step)}
    row = conn.execute(query("partitions/read_constraint"), named).fetchone()
    name = sql.Identifier(check_name(step))
    if row is None:
        add = sql.SQL("alter table {} add constraint {} check ({}) not valid")
        _alone(conn, add.format(table, name, bounds_condition(step)), patience)
    if row is None or not row[0]:
        validate = sql.SQL("alter table {} validate constraint {}")
        _alone(conn, validate.format(table, name), patience)


def build_indexes(conn: Connection[Any], step: Attach) -> None:
    """Let PostgreSQL find and build what is lacking, by an attach to a copy that nobody knows.

    The copy has the parent's indexes but not its keys, so only the table itself is locked.
    """
    copy = sql.Identifier(step.home, f"{step.name[:55]}_copy")
    parent = sql.Identifier(step.policy.schema, step.policy.table)
    words = {
        "copy": copy,
        "table": sql.Identifier(step.home, step.name),
        "parent": parent,
        "control": sql.Identifier(step.policy.control),
        "start": sql.Literal(step.bounds.start),
        "end": sql.Literal(step.bounds.end),
    }
    with conn.transaction(), as_owner(conn):
        for statement in TRY_ON:
            conn.execute(sql.SQL(statement).format(**words))


def _prepare_keys(
    conn: Connection[Any], step: Attach, table: sql.Identifier, patience: Patience
) -> None:
    """NOT VALID takes SHARE ROW EXCLUSIVE on the other table for an instant; the check, no such lock."""
    named = {"table": table.as_string(), "parent": step.policy.parent}
    for name, definition, present in conn.execute(
        query("partitions/list_keys_to_prepare"), named
    ).fetchall():
        words = {"table": table, "name": sql.Identifier(name), "definition": sql.SQL(definition)}
        if not present:
            add = sql.SQL("alter table {table} add constraint {name} {definition} not valid")
            _alone(conn, add.format(**words), patience)
        validate = sql.SQL("alter table {table} validate constraint {name}")
        _alone(conn, validate.format(**words), patience)


def _alone(conn: Connection[Any], statement: sql.Composed, patience: Patience) -> None:
    """A statement in a transaction of its own, tried again while someone is in its way."""
    for attempt in patience.retrying(conn):
        with attempt, conn.transaction(), as_owner(conn):
            limit_waits(conn, patience)
            conn.execute(statement)
