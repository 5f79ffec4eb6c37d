"""Runs the steps of a plan, each in a short transaction of its own with its event and its ledger row.

A step may be killed at any point and run again. What a failed step would have led to is left out;
other tables go on.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import Connection
from psycopg import Error as DriverError

from warehouse.db.errors import translate
from warehouse.errors import WarehouseError
from warehouse.partitions import ledger, making, retiring
from warehouse.partitions.ledger import Entry
from warehouse.partitions.lock import Patience, limit_waits
from warehouse.partitions.owner import as_owner
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

logger = logging.getLogger(__name__)

RETIRING = (Finalize, Detach, DropKey, DropIndexes, Move, Drop)


@dataclass
class Outcome:
    """What became of the steps."""

    done: list[Step] = field(default_factory=list)
    failed: list[tuple[Step, str]] = field(default_factory=list)


def run_steps(
    conn: Connection[Any],
    steps: Sequence[Step],
    patience: Patience,
    notify: Callable[[Step], object] = logger.info,
) -> Outcome:
    """Run steps in order, telling of each as it is done; whoever calls holds the advisory lock."""
    outcome = Outcome()
    for entry in ledger.open_entries(conn, steps):
        step = entry.step
        if needed := _failed_before(step, outcome):
            ledger.fail(conn, entry, f"{needed.partition} failed before it", "abandoned")
            continue
        try:
            run(conn, entry, patience)
        except (DriverError, WarehouseError) as error:
            if conn.closed:
                raise
            message = str(translate(error))
            logger.warning("%s of %s failed: %s", step.kind, step.partition, message)
            ledger.fail(conn, entry, message)
            outcome.failed.append((step, message))
        else:
            outcome.done.append(step)
            notify(step)
    return outcome


def run(conn: Connection[Any], entry: Entry, patience: Patience) -> None:
    """Do one step; in autocommit, for a concurrent detach can be in no transaction."""
    step = entry.step
    ledger.start(conn, entry)
    if isinstance(step, Detach):
        retiring.refuse_unless_open(conn, step)
        retiring.leave_publications(conn, step)
        retiring.raise_floors(conn, step, patience)
        retiring.freeze_openings(conn, step, patience)
    if isinstance(step, Drop):
        retiring.refuse_other_rows(conn, step, step.home)
    if isinstance(step, Attach):
        making.prepare(conn, step, patience)
    for attempt in patience.retrying(conn):
        with attempt:
            entry.attempts += 1
            _attempt(conn, entry, patience)
    ledger.time(conn, entry)
    if isinstance(step, Detach | Finalize):
        retiring.refuse_other_rows(conn, step, step.policy.schema)


def _attempt(conn: Connection[Any], entry: Entry, patience: Patience) -> None:
    step = entry.step
    if isinstance(step, Finalize) or (isinstance(step, Detach) and step.concurrently):
        retiring.detach_concurrently(conn, step, patience)
    with conn.transaction(), as_owner(conn):
        limit_waits(conn, patience)
        ledger.finish(conn, entry, _do(conn, entry))


def _do(conn: Connection[Any], entry: Entry) -> int | None:
    """The part of a step that is one transaction; returns its audit event, if it leaves one."""
    match entry.step:
        case Create() as step:
            return making.create(conn, entry.held, step)
        case Attach() as step:
            return making.attach(conn, entry.held, step)
        case Detach(concurrently=False) as step:
            return retiring.detach(conn, entry.held, step)
        case Drop() as step:
            return retiring.drop(conn, entry.held, step)
        case DropKey() as step:
            retiring.drop_key(conn, entry.held, step)
        case DropIndexes() as step:
            retiring.drop_indexes(conn, step)
        case Move() as step:
            retiring.move(conn, step)
    return ledger.record(conn, entry.step)


def _failed_before(step: Step, outcome: Outcome) -> Step | None:
    """A step that this one builds on: an earlier one of retiring the same time, also of its set."""
    if not isinstance(step, RETIRING):
        return None
    return next(
        (
            failed
            for failed, _ in outcome.failed
            if isinstance(failed, RETIRING)
            and (failed.partition == step.partition or failed.bounds == step.bounds)
        ),
        None,
    )
