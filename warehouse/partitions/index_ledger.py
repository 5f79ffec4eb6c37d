"""The ledger of steps over indexes: what was planned and how far it came, so that a rebuild goes on.

Adding and dropping read the catalogue to go on; a rebuilt index looks like one that was not.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID, uuid4, uuid5

from psycopg import Connection, Error

from warehouse.db.errors import translate
from warehouse.errors import DatabaseError
from warehouse.models.audit import Operation
from warehouse.models.ops import PartitionStep, RunState
from warehouse.partitions.index_catalog import split_name
from warehouse.partitions.indexes import IndexStep
from warehouse.sql import query

REBUILDS = UUID(
    "6f0c1f0e-5c0b-5b0a-9a53-3d5f0f6f2b61"
)  # the namespace of the plans' ids; any would do


@dataclass(frozen=True)
class Round:
    """One pass over a table: its id, its steps' numbers by partition, and the partitions it has done."""

    plan_id: UUID = field(default_factory=uuid4)
    numbers: dict[str, int] = field(default_factory=dict)
    done: frozenset[str] = frozenset()
    last: int = 0


def rebuild_round(
    conn: Connection[Any], table: str, index: str | None, present: Collection[str]
) -> Round:
    """The pass that was cut short, else the next one.

    Passes over the same thing are numbered through, so one finds its own steps and no other's.
    """
    plans = defaultdict(list)
    for plan_id, *step in conn.execute(query("partitions/list_index_plans"), {"table": table}):
        plans[plan_id].append(step)
    for number in count():
        plan_id = uuid5(REBUILDS, f"{table} {index or ''} {number}")
        steps = plans[plan_id]
        numbers = {name: no for no, step, name, _ in steps if step == PartitionStep.INDEX}
        done = {name for _, _, name, state in steps if state == RunState.DONE}
        if not steps or (numbers.keys() - done) & set(present):
            last = max((no for no, *_ in steps), default=0)
            return Round(plan_id, numbers, frozenset(done), last)
    raise AssertionError  # count() does not end


@dataclass(frozen=True)
class Entry:
    """One step's row in the ledger."""

    plan_id: UUID
    number: int
    table: str
    step: IndexStep

    @property
    def kind(self) -> PartitionStep:
        return PartitionStep.DROP_INDEX if self.step.what == "drop" else PartitionStep.INDEX

    @contextmanager
    def told(self, conn: Connection[Any]) -> Iterator[None]:
        """The ledger says that the step runs, and how it ended, unless the run is killed.

        The event comes before the step, which can be in no transaction: so none goes without.
        """
        with conn.transaction():
            event_id = self._record_event(conn)
            self._say(conn, RunState.RUNNING, event_id=event_id)
        try:
            yield
        except (Error, DatabaseError) as error:
            if not conn.broken:
                self._say(conn, RunState.FAILED, error=str(translate(error)))
            raise
        self._say(conn, RunState.DONE)

    def _say(self, conn: Connection[Any], state: RunState, **told: Any) -> None:
        row = {"plan": self.plan_id, "number": self.number, "state": state.value}
        conn.execute(
            query("partitions/record_index_run"), {"error": None, "event_id": None} | row | told
        )

    def _record_event(self, conn: Connection[Any]) -> int:
        schema, table = split_name(self.table)
        named = {"table_schema": schema, "table_name": table, "row_count": 0}
        named |= {"operation": Operation(self.kind).value, "time_from": None, "time_to": None}
        row = conn.execute(query("partitions/record_event"), named).fetchone()
        assert row
        return int(row[0])


def enter(
    conn: Connection[Any], table: str, steps: Sequence[IndexStep], this: Round
) -> list[Entry]:
    """Write the steps down before the first one runs."""
    fresh = count(this.last + 1)
    entries = []
    for step in steps:
        known = this.numbers.get(_partition(step)) if step.what == "reindex" else None
        entries.append(Entry(this.plan_id, known or next(fresh), table, step))
    with conn.cursor() as cursor:
        cursor.executemany(query("partitions/plan_index_run"), [_row(entry) for entry in entries])
    return entries


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "plan": entry.plan_id,
        "number": entry.number,
        "table": entry.table,
        "partition": _partition(entry.step),
        "step": entry.kind.value,
    }


def _partition(step: IndexStep) -> str:
    return f"{step.schema}.{step.table}"
