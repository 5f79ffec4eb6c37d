"""Writes a bundle that `offline` checks: heads, batches, events, and the rows if asked for, a line each."""

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg import Connection, sql

from warehouse.audit import merkle
from warehouse.audit.canonical import evidence_hash
from warehouse.audit.contents import fitting, sealed_shapes
from warehouse.audit.errors import NotSealed
from warehouse.audit.evidence import (
    Event,
    by_table,
    images_of,
    in_utf8,
    parts,
    read_events,
    read_tables,
    rows_of,
)
from warehouse.audit.seals import Seal, read_seals, read_span

Page = dict[str, Any]

AS_SENT = sql.SQL("{}")


def export(
    conn: Connection[Any], path: Path, since: datetime | None = None, *, rows: bool = False
) -> int:
    """Write what was sealed since a moment, by default everything; how many seals that is."""
    in_utf8(conn)
    first, newest = read_span(conn, since)
    if first is None:
        raise NotSealed("Nothing is sealed in that time, so nothing was written.")
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding="utf-8") as file:
        for page in _pages(conn, first, newest, rows=rows):
            file.write(json.dumps(page, separators=(",", ":")) + "\n")
    return newest - first + 1


def _pages(conn: Connection[Any], first: int, newest: int, *, rows: bool) -> Iterator[Page]:
    yield {"tapehouse": "bundle", "after": _anchor(conn, first - 1)}
    for seal in read_seals(conn, first, newest):
        yield {"seal": {"batch": seal.batch.as_json(), "head": seal.head.as_json()}}
        yield from _events(conn, seal, rows=rows)
    yield {"end": newest - first + 1}


def _anchor(conn: Connection[Any], seal_id: int) -> Page | None:
    for seal in read_seals(conn, seal_id, seal_id):
        peaks = [each.hex() for each in seal.log.peaks]
        return {"head": seal.head.as_json(), "log_peaks": peaks}
    return None


def _events(conn: Connection[Any], seal: Seal, *, rows: bool) -> Iterator[Page]:
    events = read_events(conn, seal.event_ids, seal.first_occurred_at, seal.last_occurred_at)
    written = _records(conn, seal, events.values()) if rows else {}
    for event_id, leaf, evidence in seal.leaves():
        event, kept = events.get(event_id), written.get(event_id, Kept())
        is_told = rows and kept.evidence == evidence
        yield {
            "event": {
                "event_id": event_id,
                "leaf": leaf.hex(),
                "evidence": evidence.hex(),
                "record": event.record.hex() if event else None,
                "rows": is_told,
            }
        }
        if is_told:
            yield from ({"row": each.hex()} for each in kept.rows)
            yield from ({"image": each.hex()} for each in kept.images)


@dataclass
class Kept:
    """The records of an event's rows and images."""

    rows: list[bytes] = field(default_factory=list)
    images: list[bytes] = field(default_factory=list)

    @property
    def evidence(self) -> bytes:
        """What they hash to."""
        rows, images = (
            (len(each), merkle.root(b"".join(sorted(map(merkle.leaf, each)))))
            for each in (self.rows, self.images)
        )
        return evidence_hash(*rows, *images)


def _records(conn: Connection[Any], seal: Seal, events: Iterable[Event]) -> dict[int, Kept]:
    """In memory for one seal."""
    tables = fitting(read_tables(conn), sealed_shapes(conn, seal.shapes_sha256))
    found: dict[int, Kept] = defaultdict(Kept)
    with conn.cursor(binary=True) as cursor:
        for name, group in by_table(tables, events).items():
            for part in parts(group):
                for event_id, record in cursor.execute(rows_of(tables[name], part, AS_SENT)):
                    found[event_id].rows.append(record)
        for part in parts(list(events)):
            for event_id, record in cursor.execute(images_of(part, AS_SENT)):
                found[event_id].images.append(record)
    return found
