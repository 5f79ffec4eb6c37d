"""Takes over a table that pg_partman, or someone by hand, has cut: under a policy, named as ours.

Plan, print, apply: each step is a short transaction, and a run that was cut short is carried on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import dict_row

from warehouse.access import OWNER
from warehouse.db.retry import retrying
from warehouse.models.audit import Operation
from warehouse.models.base import Base
from warehouse.partitions.adoptable import Set, read_set, refuse_rows_in_default, span_of
from warehouse.partitions.apply import ensure
from warehouse.partitions.index_catalog import names_taken, quoted, split_name
from warehouse.partitions.lock import maintenance
from warehouse.partitions.naming import partition_name
from warehouse.partitions.owner import as_owner
from warehouse.partitions.partman import PartmanRefused, inside
from warehouse.partitions.statements import truncate_trigger
from warehouse.sql import query

SHORT = "1s"  # what waits behind us waits as long


@dataclass(frozen=True)
class DropDefault:
    """Drop the default table, if no row has gone there."""

    table: str
    name: str

    def __str__(self) -> str:
        return f"drop {self.name}: an empty default table, which would forbid DETACH CONCURRENTLY"


@dataclass(frozen=True)
class TakeOver:
    """Write the policy and take the table out of pg_partman's hands, both or neither."""

    found: Set

    def __str__(self) -> str:
        policy, config = self.found.policy, self.found.config
        kept = policy["retention"]
        words = [
            f"put {self.found.table} under a policy: by {policy['control']},",
            f"{policy['partition_interval']}, {policy['premake']} ahead,",
            f"kept {kept} and then retired if its gates are open" if kept else "kept for good",
        ]
        if config is not None and self.found.partman:
            words.append(f"; pg_partman {self.found.partman.version} leaves it alone from then on")
        return " ".join(words).replace(" ;", ";")


@dataclass(frozen=True)
class Rename:
    """Name a partition as ours are."""

    table: str
    name: str
    new_name: str

    def __str__(self) -> str:
        return f"rename {self.name} to {self.new_name}"


@dataclass(frozen=True)
class Own:
    """Give a partition to the owner of the schema."""

    table: str
    name: str

    def __str__(self) -> str:
        return f"give {self.name} to {OWNER}"


@dataclass(frozen=True)
class Guard:
    """Give a partition the triggers on TRUNCATE that it does not inherit."""

    table: str
    name: str

    def __str__(self) -> str:
        return f"give {self.name} the parent's triggers on TRUNCATE"


AdoptStep = DropDefault | TakeOver | Rename | Own | Guard


# -- plan ------------------------------------------------------------------------------------------


def plan_adoption(
    conn: Connection[Any], table: str, *, keep_names: bool = False
) -> list[AdoptStep]:
    """What is left to do until the table is one of ours; nothing where it is already."""
    found = read_set(conn, table)
    schema, bare = split_name(table)
    steps: list[AdoptStep] = [
        DropDefault(table, part.name) for part in found.members if part.is_default
    ]
    if found.config is not None or not _has_policy(conn, table):
        steps.append(TakeOver(found))
    for part in found.members:
        if part.is_default:
            continue
        name = part.name if keep_names else partition_name(bare, part.bounds, span_of(part))
        if part.owner != OWNER:
            steps.append(Own(table, part.name))
        if _lacking_triggers(conn, table, part.name):
            steps.append(Guard(table, part.name))
        if part.name != name:
            steps.append(Rename(table, part.name, name))
    _refuse_taken_names(conn, schema, [s.new_name for s in steps if isinstance(s, Rename)])
    return steps


def _has_policy(conn: Connection[Any], table: str) -> bool:
    found = conn.execute("select from ops.partition_policy where parent_table = %s", [table])
    return found.rowcount > 0


def _lacking_triggers(conn: Connection[Any], table: str, name: str) -> list[dict[str, Any]]:
    schema, _ = split_name(table)
    named = {"parent": quoted(*split_name(table)), "table": quoted(schema, name)}
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query("partitions/list_truncate_triggers"), named).fetchall()


def _refuse_taken_names(conn: Connection[Any], schema: str, names: Sequence[str]) -> None:
    if taken := names_taken(conn, schema, names):
        raise PartmanRefused(
            f"{schema}.{taken[0].name} stands already, where a partition is to get that name. Nothing "
            "was changed; rename or drop it, or adopt the set with --keep-names."
        )


# -- apply -----------------------------------------------------------------------------------------


def adopt(conn: Connection[Any], table: str, *, keep_names: bool = False) -> list[AdoptStep]:
    """Take a table over; needs a connection in autocommit, as each step is a transaction."""
    with maintenance(conn):
        now = datetime.now(UTC)
        ensure(conn, Base.metadata.tables["audit.events"], now, now + timedelta(hours=1))
        steps = plan_adoption(conn, table, keep_names=keep_names)
        for step in steps:
            for attempt in retrying():
                with attempt, conn.transaction():
                    conn.execute("select set_config('lock_timeout', %s, true)", [SHORT])
                    _do(conn, step)
    return steps


def _do(conn: Connection[Any], step: AdoptStep) -> None:
    match step:
        case DropDefault():
            _drop_default(conn, step)
        case TakeOver():
            _take_over(conn, step.found)
        case Guard():
            for trigger in _lacking_triggers(conn, step.table, step.name):
                for statement in truncate_trigger(_member(step), trigger):
                    conn.execute(statement)
        case Own():
            words = sql.SQL("alter table {} owner to {}")
            conn.execute(words.format(_identifier(step), sql.Identifier(OWNER)))
        case Rename():
            words = sql.SQL("alter table {} rename to {}")
            conn.execute(words.format(_identifier(step), sql.Identifier(step.new_name)))


def _drop_default(conn: Connection[Any], step: DropDefault) -> None:
    """Look for rows once more when nobody can write any."""
    parent = sql.Identifier(*split_name(step.table))
    conn.execute(sql.SQL("alter table {} detach partition {}").format(parent, _identifier(step)))
    refuse_rows_in_default(conn, step.table, step.name)
    conn.execute(sql.SQL("drop table {}").format(_identifier(step)))


def _take_over(conn: Connection[Any], found: Set) -> None:
    schema, bare = split_name(found.table)
    if found.partman:
        with inside(conn, found.partman):
            conn.execute(query("partitions/forget_partman_config"), {"parent": found.table})
    with as_owner(conn):
        conn.execute(query("partitions/insert_policy"), found.policy)
        bounds = [part.bounds for part in found.members if not part.is_default]
        reach = {"time_from": bounds[0].start, "time_to": bounds[-1].end, "row_count": 0}
        names = {"table_schema": schema, "table_name": bare, "operation": Operation.ATTACH.value}
        conn.execute(query("partitions/record_event"), names | reach)


def _member(step: DropDefault | Guard | Own | Rename) -> str:
    schema, _ = split_name(step.table)
    return f"{schema}.{step.name}"


def _identifier(step: DropDefault | Guard | Own | Rename) -> sql.Identifier:
    schema, _ = split_name(step.table)
    return sql.Identifier(schema, step.name)
