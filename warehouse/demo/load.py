"""Loads the demo data set: step by step, each in a transaction of its own, those that are there already left alone.

The one place of the generator that commits. A load that was killed goes on where it was when run again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from psycopg import Connection, sql

from warehouse.demo.people import GENERATED
from warehouse.demo.scale import ScaleName
from warehouse.demo.steps import DataSet, Drawing, Step, plan
from warehouse.demo.write import StepWriter
from warehouse.errors import WarehouseError
from warehouse.models.base import Base
from warehouse.models.ops import IngestKind
from warehouse.partitions import ensure
from warehouse.sql import query

__all__ = ["ForeignData", "Progress", "Step", "Summary", "load", "plan"]

_WRITTEN_SCHEMAS = ("reference", "market", "trading", "portfolio", "risk", "library", "audit")
# The large steps; in the others the row triggers do no harm.
_CHECKED_AT_ONCE = (
    IngestKind.DAILY_MARKS,
    IngestKind.BARS,
    IngestKind.OPTION_CONTRACTS,
    IngestKind.OPTION_QUOTES,
    IngestKind.TRADES,
)


class ForeignData(WarehouseError):
    """The warehouse holds data that is not this demo data set; nothing was written."""


@dataclass(frozen=True)
class Progress:
    """How far the load is; rows are those of this run, without the steps that were there already."""

    step: str
    rows_done: int
    rows_expected: int
    rows_per_second: float


@dataclass(frozen=True)
class Summary:
    """What a run did."""

    rows: int
    steps: int
    skipped: int
    seconds: float


def load(
    conn: Connection[Any],
    scale: ScaleName,
    seed: int,
    until: date,
    progress: Callable[[Progress], None],
) -> Summary:
    """Load what is not there yet; commits after every step."""
    data_set, steps = DataSet(scale, seed, until), plan(scale, seed, until)
    with conn.transaction():
        there = _loaded(conn, data_set, steps)
    conn.commit()
    wanted = [step for step in steps if step.name not in there]
    meter, drawing = _Meter(wanted, progress), Drawing(data_set)
    for step in wanted:
        with conn.transaction():
            conn.execute(query("demo/lock_load"))
            # Another load may have been faster, since this one looked.
            if step.name not in _loaded(conn, data_set, steps):
                _load_step(conn, data_set, drawing, step, meter)
                if step == steps[-1]:
                    _settle(conn)
        conn.commit()
    return meter.summary(skipped=len(steps) - meter.steps)


def _loaded(conn: Connection[Any], data_set: DataSet, steps: list[Step]) -> set[str]:
    """The steps that are there; refuses a warehouse that holds anything else."""
    names = {data_set.content_hash(step.name): step.name for step in steps}
    found = [(bytes(h), label) for h, label in conn.execute(query("demo/list_loaded_steps"))]
    for content_hash, label in found:
        if content_hash not in names:
            raise ForeignData(
                f"The warehouse holds another demo data set ({label}). Nothing was written. "
                "Load into an empty database, or ask for that one's scale, seed and last day."
            )
    if not found and _one(conn, "demo/holds_other_data"):
        raise ForeignData(
            "The warehouse holds instruments or accounts that are not demo data. Nothing was "
            "written. Load the demo into an empty database of its own."
        )
    return {names[content_hash] for content_hash, _ in found}


def _load_step(
    conn: Connection[Any], data_set: DataSet, drawing: Drawing, step: Step, meter: "_Meter"
) -> None:
    """Write a step's rows, their events, and the load that they are filed under."""
    meter.begin(step)
    now = _one(conn, "demo/read_clock")
    ensure(conn, Base.metadata.tables["audit.events"], now, now + timedelta(microseconds=1))
    batch_id = _one(conn, "demo/draw_batch_id")
    writer = StepWriter(conn, batch_id, drawing.world.written_at, step.kind in _CHECKED_AT_ONCE)
    for chunk in drawing.chunks(step):
        meter.add(writer.write(chunk))
    written_at = drawing.world.written_at.astype(datetime)
    values = {
        "batch_id": batch_id,
        "source_id": GENERATED,
        "kind": step.kind,
        "content_hash": data_set.content_hash(step.name),
        "file_name": data_set.label(step.name),
        "row_count": meter.rows_of_step,
        "written_at": written_at.replace(tzinfo=UTC),
        "event_ids": writer.finish(),
    }
    conn.execute(query("demo/file_step"), values)


def _settle(conn: Connection[Any]) -> None:
    """Let the planner know what is there: statistics, and BRIN ranges, which COPY leaves open."""
    for table in Base.metadata.sorted_tables:
        if table.schema in _WRITTEN_SCHEMAS:
            conn.execute(sql.SQL("analyze {}").format(sql.Identifier(table.schema, table.name)))
    indexes = conn.execute(
        query("demo/list_brin_indexes"), {"schemas": list(_WRITTEN_SCHEMAS)}
    ).fetchall()
    for (index_oid,) in indexes:
        conn.execute(query("demo/summarize_index"), {"index_oid": index_oid})


def _one(conn: Connection[Any], name: str) -> Any:
    row = conn.execute(query(name)).fetchone()
    assert row
    return row[0]


class _Meter:
    """Counts rows against the plan and tells the caller."""

    def __init__(self, wanted: list[Step], tell: Callable[[Progress], None]) -> None:
        self._tell = tell
        self._began = time.monotonic()
        self._ahead = sum(step.rows for step in wanted)
        self._step: Step | None = None
        self.rows, self.rows_of_step, self.steps = 0, 0, 0

    def begin(self, step: Step) -> None:
        self._step, self.rows_of_step = step, 0
        self.steps += 1
        self._ahead -= step.rows
        self.add(0)

    def add(self, rows: int) -> None:
        assert self._step
        self.rows += rows
        self.rows_of_step += rows
        left = max(0, self._step.rows - self.rows_of_step)
        rate = self.rows / max(self._seconds, 1e-9)
        self._tell(Progress(self._step.name, self.rows, self.rows + left + self._ahead, rate))

    def summary(self, skipped: int) -> Summary:
        return Summary(self.rows, self.steps, skipped, round(self._seconds, 3))

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._began
