"""Loads the demo data set: step by step, each in a transaction of its own, those that are there already left alone.

The one place of the generator that commits. A load that was killed goes on where it was when run again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg import Connection, sql
from sqlalchemy import Table

from warehouse.demo.scale import ScaleName
from warehouse.demo.steps import DataSet, Drawing, Step, plan
from warehouse.demo.write import StepWriter
from warehouse.errors import WarehouseError
from warehouse.models.base import Base
from warehouse.partitions import ensure
from warehouse.sql import query

__all__ = ["ForeignData", "Progress", "Step", "Summary", "load", "plan"]

_SOURCE = 5  # reference.sources' row "demo", which the first step makes


class ForeignData(WarehouseError):
    """The warehouse holds data that is not this demo data set; nothing was written."""


@dataclass(frozen=True)
class Progress:
    """How far the load is; rows are those of the whole load, expected ones included."""

    step: str
    rows_done: int
    rows_expected: int
    rows_per_second: float


@dataclass(frozen=True)
class Summary:
    """What a load did."""

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
    data_set = DataSet(scale, seed, until)
    steps = plan(scale, seed, until)
    with conn.transaction():
        loaded = _loaded(conn, data_set, steps)
    conn.commit()
    meter = _Meter(steps, loaded, progress)
    drawing = Drawing(data_set)
    for step in steps:
        if step.name not in loaded:
            with conn.transaction():
                _load_step(conn, data_set, drawing, step, meter, is_last=step is steps[-1])
            conn.commit()
    return meter.summary()
