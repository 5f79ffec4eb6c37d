"""What there is: policies, partitions, keys between sets, detached tables and archives, as rows say."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import class_row, dict_row

from warehouse.partitions.naming import Bounds, named_bounds
from warehouse.partitions.plan import Partition, Policy
from warehouse.partitions.policy import Kept, kept_policies
from warehouse.sql import query

BEGINNING = datetime.min.replace(tzinfo=UTC)
END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class SetKey:
    """A foreign key between partitioned tables: child's partition goes before parent's."""

    name: str
    child: str
    parent: str


@dataclass(frozen=True)
class Detached:
    """A table of its own that carries a partition's name."""

    home: str
    name: str
    bounds: Bounds
    retired: bool  # by us; else it may be a load that waits for its attach
    keys: Sequence[str] = ()
    indexed: bool = False


@dataclass(frozen=True)
class Archived:
    """The archive in force of a partition."""

    parent: str
    partition: str
    archive_id: int
    state: str
    verified_at: datetime | None
    range_from: datetime
    range_to: datetime
    row_count: int | None


@dataclass(frozen=True)
class State:
    """One table: its policy and everything that a plan for it depends on."""

    policy: Policy
    partitions: Sequence[Partition] = ()
    keep_from: datetime | None = None
    default: str | None = None
    newest: datetime | None = None
    detached: Sequence[Detached] = ()
    archives: Mapping[str, Archived] = field(default_factory=dict)
    partition_key: str | None = None
    kind: str | None = "p"


@dataclass(frozen=True)
class World:
    """All tables of a plan."""

    states: Sequence[State]
    keys: Sequence[SetKey] = ()


def partitions(conn: Connection[Any], policy: Policy) -> list[Partition]:
    """The partitions a table has, in the order of time."""
    found, _ = _partitions(conn, [policy.parent])
    return found[policy.parent]


def read_world(conn: Connection[Any], now: datetime, tables: Iterable[str] | None = None) -> World:
    """Every table under a policy, or the named ones and what hangs together with them."""
    keys = _set_keys(conn)
    wanted = None if tables is None else related(keys, tables)
    kept = [k for k in kept_policies(conn, now) if wanted is None or k.policy.parent in wanted]
    parents = [k.policy.parent for k in kept]
    found, defaults = _partitions(conn, parents)
    detached, archives = _detached(conn, kept), _archives(conn, parents)
    shapes = _shapes(conn, parents)
    states = [
        State(
            k.policy,
            found[k.policy.parent],
            k.keep_from,
            defaults.get(k.policy.parent),
            _newest(conn, k.policy, found[k.policy.parent]),
            detached[k.policy.parent],
            archives[k.policy.parent],
            *shapes[k.policy.parent],
        )
        for k in kept
    ]
    return World(states, keys)


def related(keys: Iterable[SetKey], tables: Iterable[str]) -> set[str]:
    """The tables and all that keys tie to them, however far."""
    found, edges = set(tables), list(keys)
    while (
        more := {
            name
            for key in edges
            if {key.child, key.parent} & found
            for name in (key.child, key.parent)
        }
        - found
    ):
        found |= more
    return found


def _partitions(
    conn: Connection[Any], parents: Sequence[str]
) -> tuple[Mapping[str, list[Partition]], Mapping[str, str]]:
    found: dict[str, list[Partition]] = defaultdict(list)
    defaults: dict[str, str] = {}
    with conn.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(query("partitions/list_partitions"), {"parents": parents}):
            if row["is_default"]:
                defaults[row["parent"]] = row["name"]
                continue
            bounds = Bounds(row["starts_at"] or BEGINNING, row["ends_at"] or END)
            found[row["parent"]].append(Partition(row["name"], bounds, row["pending"]))
    return found, defaults


def _set_keys(conn: Connection[Any]) -> list[SetKey]:
    with conn.cursor(row_factory=class_row(SetKey)) as cursor:
        return cursor.execute(query("partitions/list_set_keys")).fetchall()


def _detached(conn: Connection[Any], kept: Sequence[Kept]) -> Mapping[str, list[Detached]]:
    policies = {k.policy.parent: k.policy for k in kept}
    found: dict[str, list[Detached]] = defaultdict(list)
    for parent, home, name, last_step, keys, indexed in conn.execute(
        query("partitions/list_detached"), {"parents": list(policies)}
    ):
        policy = policies[parent]
        if bounds := named_bounds(policy.table, name, policy.interval):
            retired = last_step in ("detach", "finalize")
            found[parent].append(Detached(home, name, bounds, retired, keys, indexed))
    return found


def _archives(
    conn: Connection[Any], parents: Sequence[str]
) -> Mapping[str, Mapping[str, Archived]]:
    found: dict[str, dict[str, Archived]] = defaultdict(dict)
    with conn.cursor(row_factory=class_row(Archived)) as cursor:
        for archive in cursor.execute(query("partitions/list_archives"), {"parents": parents}):
            found[archive.parent][archive.partition.partition(".")[2]] = archive
    return found


def _shapes(
    conn: Connection[Any], parents: Sequence[str]
) -> Mapping[str, tuple[str | None, str | None]]:
    rows = conn.execute(query("partitions/list_shapes"), {"parents": parents})
    return {parent: (key, kind) for parent, kind, key in rows}


def _newest(conn: Connection[Any], policy: Policy, found: Sequence[Partition]) -> datetime | None:
    """Start of the newest partition with rows, where the policy makes partitions ahead of rows."""
    if policy.infinite_time_partitions:
        return None
    for partition in reversed(found):
        table = sql.Identifier(policy.schema, partition.name)
        if conn.execute(sql.SQL("select from {} limit 1").format(table)).rowcount:
            return partition.bounds.start
    return None
