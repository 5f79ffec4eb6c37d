"""Whole partitions loaded beside their table: COPY without indexes, then the indexes, and then ATTACH.

Each index is built for all rows at once, by as many processes as the server spares. The attach checks
the keys, also for all rows at once. Readers go on meanwhile; who writes to what the keys refer to waits
for it. A table that is not attached ends with its transaction.
"""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
from psycopg import Connection, IntegrityError, sql
from psycopg.errors import DuplicateTable, InvalidObjectDefinition
from sqlalchemy import Table

from warehouse.ingest.casting.cells import Cells
from warehouse.ingest.direct import Direct, Part, See
from warehouse.ingest.errors import IngestError
from warehouse.ingest.room import PATIENCE
from warehouse.partitions.lock import Held, limit_waits
from warehouse.partitions.making import attach, build_indexes
from warehouse.partitions.naming import Bounds, floor, following, partition_name
from warehouse.partitions.owner import as_owner
from warehouse.partitions.plan import Attach, Partition
from warehouse.partitions.policy import policy_of
from warehouse.partitions.statements import bounds_condition, check_name

BESIDE = """create table {child} (
    like {parent} including all excluding identity excluding indexes,
    constraint {name} check ({condition})
)"""
ROOM_TO_BUILD = "set local maintenance_work_mem = '256MB'"


class NotForBackfill(Exception):
    """Rows that only the table itself can judge: the file is loaded the other way."""


class Backfill(Direct):
    """Makes a table of its own for each stretch of time that has no partition."""

    def __init__(self, conn: Connection[Any], table: Table, see: See | None = None) -> None:
        super().__init__(conn, table, see)
        if self._event is None:
            raise IngestError(
                f"{table.fullname} cannot be backfilled by this login: it must be partitioned, and the "
                "login must be able to act as warehouse_owner and to set session_replication_role. "
                "Nothing was loaded; without --backfill it can be."
            )
        self._policy = policy_of(conn, table.fullname)
        self._made: list[Attach] = []

    @property
    def _least(self) -> int:
        return 1

    def write(self, columns: dict[str, Cells]) -> None:
        if not self._fits(columns):
            raise NotForBackfill
        super().write(columns)

    def _homeless(self, times: pa.Array, rows: Any) -> list[Part]:
        """Tables of their own for rows that have no partition."""
        days = np.unique(times.to_numpy(zero_copy_only=False)[rows].astype("datetime64[D]"))
        found = []
        for start in sorted({self._start(day.astype(datetime)) for day in days}):
            bounds = Bounds(start, following(start, self._policy.interval))
            name = partition_name(self._policy.table, bounds, self._policy.interval)
            step = Attach(self._policy, name, bounds, self._policy.schema)
            self._create(step)
            self._made.append(step)
            found.append(Part(Partition(name, bounds), times))
        self._beside += [part.partition for part in found]
        return found

    def _start(self, day: Any) -> datetime:
        return floor(datetime(day.year, day.month, day.day, tzinfo=UTC), self._policy.interval)

    def _create(self, step: Attach) -> None:
        statement = sql.SQL(BESIDE).format(
            child=sql.Identifier(step.home, step.name),
            parent=sql.Identifier(step.home, step.policy.table),
            name=sql.Identifier(check_name(step)),
            condition=bounds_condition(step),
        )
        try:
            with as_owner(self._conn):
                self._conn.execute(statement)
        except DuplicateTable as error:  # another load was faster
            raise NotForBackfill from error

    def finish(self, batch_id: int) -> None:
        """Build the indexes, where nobody waits for them, and leave the event."""
        with as_owner(self._conn):
            self._conn.execute(ROOM_TO_BUILD)
            for step in self._made:
                self._index(step)
        super().finish(batch_id)

    def _index(self, step: Attach) -> None:
        try:
            build_indexes(self._conn, step)
        except IntegrityError as error:  # a key comes twice
            raise NotForBackfill from error

    def attach(self) -> None:
        """Attach them all; what follows sees their rows in the table, and others wait for the commit."""
        steps, self._made = self._made, []
        if not steps:
            return
        before = self._conn.execute("select current_setting('lock_timeout')").fetchone()
        try:
            for attempt in PATIENCE.retrying(self._conn):
                with attempt, self._conn.transaction(), as_owner(self._conn):
                    limit_waits(self._conn, PATIENCE)
                    for step in steps:
                        attach(self._conn, Held(), step)
        except InvalidObjectDefinition as error:  # somebody made a partition there
            raise NotForBackfill from error
        self._conn.execute("select set_config('lock_timeout', %s, true)", before)
