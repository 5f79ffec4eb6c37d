"""Holds what is in a group of seals against the events, rows and images that are there."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import Any

from psycopg import Connection

from warehouse.audit.canonical import Shapes, event_leaf, shapes_hash
from warehouse.audit.doubts import doubts
from warehouse.audit.evidence import Event, Evidence, Table, read_events, read_evidence, read_tables
from warehouse.audit.findings import Finding, Report, Retired, What
from warehouse.audit.locate import changed_images, changed_rows
from warehouse.audit.seals import Seal
from warehouse.sql import query

MOMENT = timedelta(microseconds=1)


def check_contents(conn: Connection[Any], seals: Sequence[Seal]) -> Report:
    """What is found of seals that were made with the same columns."""
    shapes = sealed_shapes(conn, seals[0].shapes_sha256)
    return Contents(conn, shapes, seals).check()


def shapes_text(conn: Connection[Any], shapes_sha256: bytes) -> str:
    """The columns that were sealed, as they were hashed; of none where the text is another one."""
    named = {"shapes_sha256": shapes_sha256}
    row = conn.execute(query("audit/read_sealed_shapes"), named).fetchone()
    text: str = row[0] if row else ""
    return text if shapes_hash(text) == shapes_sha256 else "{}"


def sealed_shapes(conn: Connection[Any], shapes_sha256: bytes) -> Shapes:
    """The columns that were sealed."""
    shapes = json.loads(shapes_text(conn, shapes_sha256))
    return {name: [*map(tuple, columns)] for name, columns in shapes.items()}


def fitting(now: dict[str, Table], shapes: Shapes) -> dict[str, Table]:
    """The tables with the columns that were sealed, without those that lack some of them today."""
    return {
        name: replace(now[name], columns=columns)
        for name, columns in shapes.items()
        if name in now and set(columns) <= {tuple(each) for each in now[name].columns}
    }


class Contents:
    """One comparison."""

    def __init__(self, conn: Connection[Any], shapes: Shapes, seals: Sequence[Seal]) -> None:
        self.conn, self.shapes, self.seals = conn, shapes, seals
        self.tables = fitting(read_tables(conn), shapes)
        self.report = Report(seals=len(seals))

    def check(self) -> Report:
        events = read_events(
            self.conn,
            [event_id for seal in self.seals for event_id in seal.event_ids],
            min(seal.first_occurred_at for seal in self.seals),
            max(seal.last_occurred_at for seal in self.seals),
        )
        evidence = read_evidence(self.conn, self.tables, list(events.values()))
        found = self.report.findings
        for seal in self.seals:
            for event_id, leaf, proof in seal.leaves():
                event = events.get(event_id)
                if event is None:
                    found += self._missing(seal, event_id)
                else:
                    found += self._event(seal, event, leaf, proof)
                    found += self._evidence(seal, event, proof, evidence[event_id])
        found += self._shapes(events.values())
        return self.report

    @cached_property
    def retired(self) -> Retired:
        """Read when something is missing, and so after whatever took it away."""
        return Retired.of(self.conn.execute(query("audit/list_retired")))

    def _missing(self, seal: Seal, event_id: int) -> Iterator[Finding]:
        if self.retired.reach(
            "audit.events", seal.first_occurred_at, seal.last_occurred_at + MOMENT
        ):
            self.report.archived_events += 1
            return
        told = f"event {event_id} of seal {seal.seal_id} is not there"
        yield Finding(What.MISSING, told, seal.seal_id, event_id)

    def _event(self, seal: Seal, event: Event, leaf: bytes, proof: bytes) -> Iterator[Finding]:
        self.report.events += 1
        if event_leaf(event.record, proof) != leaf:
            told = f"event {event.event_id}, of {event.relation}, is not what was sealed"
            yield Finding(What.EVENT, told, seal.seal_id, event.event_id, event.relation)

    def _evidence(
        self, seal: Seal, event: Event, proof: bytes, evidence: Evidence
    ) -> Iterator[Finding]:
        known = event.relation in self.tables
        if event.writes_rows and not known and event.relation in self.shapes:
            return  # told once for the table
        self.report.rows += evidence.rows.size
        if evidence.hash == proof:
            for told in doubts(self.conn, self.tables.get(event.relation), event, evidence):
                yield Finding(What.DOUBT, told, seal.seal_id, event.event_id, event.relation)
        elif self._is_archived(event):
            self.report.archived_rows += event.row_count
        else:
            yield self._differing(seal, event, evidence)

    def _is_archived(self, event: Event) -> bool:
        return self.retired.reach(
            event.relation, event.time_from, event.time_to
        ) or self.retired.reach("audit.images", event.occurred_at, event.occurred_at + MOMENT)

    def _differing(self, seal: Seal, event: Event, evidence: Evidence) -> Finding:
        table = self.tables.get(event.relation)
        keys = changed_rows(self.conn, table, event) if table and event.writes_rows else ()
        keys += changed_images(self.conn, event)
        told = (
            f"what event {event.event_id} ({event.operation}) did to {event.relation} is not what was "
            f"sealed: it says {event.row_count} rows, {evidence.rows.size} rows and "
            f"{evidence.images.size} images are there"
        )
        if keys:
            told += f"; not written by its own transaction: {', '.join(keys)}"
        return Finding(What.ROWS, told, seal.seal_id, event.event_id, event.relation, keys)

    def _shapes(self, events: Iterable[Event]) -> Iterator[Finding]:
        if not self.shapes:
            told = f"the columns that seal {self.seals[0].seal_id} was made with are not there"
            yield Finding(What.SHAPE, told, self.seals[0].seal_id)
        written = {each.relation for each in events if each.writes_rows}
        for name in sorted(written & (self.shapes.keys() - self.tables.keys())):
            told = (
                f"columns of {name} that were sealed have been dropped, renamed or changed their "
                f"type: its rows in seals {self.seals[0].seal_id} to {self.seals[-1].seal_id} "
                "cannot be recomputed"
            )
            yield Finding(What.SHAPE, told, self.seals[0].seal_id, table=name)
