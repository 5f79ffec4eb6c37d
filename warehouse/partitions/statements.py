"""The SQL of each step, as it is run and as `plan --sql` prints it. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from psycopg import sql

from warehouse.partitions.plan import (
    Attach,
    Create,
    Detach,
    Drop,
    DropIndexes,
    DropKey,
    Finalize,
    Move,
    Step,
)

CREATE = """create table {child} (
    like {parent} including all excluding identity,
    constraint {name} check ({condition})
)"""
ATTACH = "alter table {parent} attach partition {child} for values from ({start}) to ({end})"
DETACH = "alter table {parent} detach partition {child}{how}"
TRIGGER = """create trigger {name} {timing} truncate on {table}
for each statement execute function {function} ({arguments})"""
# pg_trigger.tgenabled, but for 'O', which a new trigger has.
FIRED = {"A": "enable always", "R": "enable replica", "D": "disable"}


def create_table(step: Step) -> sql.Composed:
    """A table beside its parent, with the CHECK that spares ATTACH the scan."""
    return sql.SQL(CREATE).format(
        child=_partition(step),
        parent=_parent(step),
        name=sql.Identifier(check_name(step)),
        condition=bounds_condition(step),
    )


def attach_partition(step: Step, home: str) -> sql.Composed:
    return sql.SQL(ATTACH).format(
        parent=_parent(step),
        child=sql.Identifier(home, step.name),
        start=sql.Literal(step.bounds.start),
        end=sql.Literal(step.bounds.end),
    )


def detach_partition(step: Step, how: str = "") -> sql.Composed:
    """`concurrently`, `finalize`, or neither, which takes ACCESS EXCLUSIVE on the parent."""
    return sql.SQL(DETACH).format(
        parent=_parent(step), child=_partition(step), how=sql.SQL(f" {how}" if how else "")
    )


def drop_key(step: DropKey) -> sql.Composed:
    return sql.SQL("alter table {} drop constraint if exists {}").format(
        _partition(step), sql.Identifier(step.key)
    )


def move_table(step: Move) -> sql.Composed:
    return sql.SQL("alter table if exists {} set schema {}").format(
        _partition(step), sql.Identifier(step.schema)
    )


def drop_table(step: Drop) -> sql.Composed:
    return sql.SQL("drop table if exists {}").format(sql.Identifier(step.home, step.name))


def truncate_trigger(table: str, trigger: Mapping[str, Any]) -> Iterator[sql.Composed]:
    """A parent's statement trigger on TRUNCATE, for one partition."""
    on, name = sql.Identifier(*table.split(".", 1)), sql.Identifier(trigger["name"])
    yield sql.SQL(TRIGGER).format(
        name=name,
        timing=sql.SQL(trigger["timing"]),
        table=on,
        function=sql.Identifier(trigger["function_schema"], trigger["function_name"]),
        arguments=sql.SQL(", ").join(map(sql.Literal, trigger["arguments"])),
    )
    if fired := FIRED.get(trigger["enabled"]):
        yield sql.SQL("alter table {} {} trigger {}").format(on, sql.SQL(fired), name)


def bounds_condition(step: Step) -> sql.Composed:
    return sql.SQL("{control} >= {start} and {control} < {end}").format(
        control=sql.Identifier(step.policy.control),
        start=sql.Literal(step.bounds.start),
        end=sql.Literal(step.bounds.end),
    )


def check_name(step: Step) -> str:
    """Cut at the end that does not tell the partitions of a table apart."""
    return f"{step.name[-50:]}_bounds_check"


def script(step: Step) -> list[sql.Composed]:
    """The statements of a step; the tool puts locks, events and triggers around them."""
    match step:
        case Create():
            return [create_table(step), attach_partition(step, step.policy.schema)]
        case Attach():
            return [attach_partition(step, step.home)]
        case Detach():
            return [detach_partition(step, "concurrently" if step.concurrently else "")]
        case Finalize():
            return [detach_partition(step, "finalize")]
        case DropKey():
            return [drop_key(step)]
        case Move():
            return [move_table(step)]
        case Drop():
            return [drop_table(step)]
        case DropIndexes():
            return []
    raise AssertionError(step)


def _parent(step: Step) -> sql.Identifier:
    return sql.Identifier(step.policy.schema, step.policy.table)


def _partition(step: Step) -> sql.Identifier:
    return sql.Identifier(step.policy.schema, step.name)
