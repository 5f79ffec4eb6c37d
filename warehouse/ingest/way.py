"""The way of a chunk into its tables: first the rows that others name, then what the rows hold.

All of a row or nothing of it: what is wrong with an order's leg is a reason to reject the order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

from psycopg import Connection

from warehouse.ingest.backfill import NotForBackfill
from warehouse.ingest.binding import Binding, Cast
from warehouse.ingest.casting.cells import Cells
from warehouse.ingest.dimensions import Adder, Dimensions
from warehouse.ingest.direct import Direct
from warehouse.ingest.kind import Kind, Part
from warehouse.ingest.kinds import KINDS
from warehouse.ingest.mapping import Mapping as FileMapping
from warehouse.ingest.merge import Counts, Merge, Ready
from warehouse.ingest.parts import Held, held
from warehouse.ingest.ready import Rows
from warehouse.ingest.room import Closed, Room
from warehouse.models.ops import IngestMode
from warehouse.sql import query


class Routed(Direct):
    """Through the parent table alone: a savepoint then takes back the event with the rows."""

    def _fits(self, columns: dict[str, Cells]) -> bool:  # noqa: ARG002 - none fit
        return False


@dataclass(frozen=True)
class Way:
    """How rows of a kind are made ready and written, and what they may hold."""

    kind: Kind
    mode: IngestMode
    binding: Binding
    rows: Rows
    merge: Merge
    parts: dict[str, tuple[Part, "Way"]] = field(default_factory=dict)

    def with_parts(self, cast: Cast, parts: list[Held]) -> tuple[Counts, bool]:
        """Write rows, then what they hold; answers whether all of that could be."""
        ready = self.rows.of(cast)
        there = self._there(parts)
        counts = self.merge.write(ready)
        gone = {reject.line for reject in counts.rejects}
        rows = [
            row
            for row, line in enumerate(cast.chunk.lines)
            if row not in cast.faults and int(line) not in gone and row not in there
        ]
        if parts and self.mode is not IngestMode.UPSERT:
            rows = _first(cast, rows, parts)
        wrong = [self._hold(each.of(set(rows)), cast) for each in parts]
        return counts, not any(wrong)

    def held(self, cast: Cast) -> list[Held]:
        """What the rows hold; what can be seen to be wrong with it is told already."""
        found = []
        for name, (part, way) in self.parts.items():
            if each := held(cast, name, self.binding.part(name), part, way.binding):
                each.blame(cast)
                found.append(each)
        return found

    def forget(self) -> None:
        """Rows came or went that names may stand for."""
        self.rows.forget()
        for _, way in self.parts.values():
            if way is not self:
                way.forget()

    def _there(self, parts: list[Held]) -> set[int]:
        """The rows that were there before, which are passed by with all that they hold."""
        if self.mode is IngestMode.UPSERT:
            return set()
        found: set[int] = set()
        for each in parts:
            _, way = self.parts[each.name]
            known = way.rows.known(each.cast, [*each.part.given][-1])
            found |= {int(owner) for owner in each.owners[known]}
        return found

    def _hold(self, parts: Held, owner: Cast) -> bool:
        """Write parts of rows that were written; answers whether something is wrong with them."""
        if not len(parts.owners):
            return False
        _, way = self.parts[parts.name]
        counts, _ = way.with_parts(parts.cast, way.held(parts.cast))
        for reject in counts.rejects:
            for column, reason in reject.reasons.items():
                parts.cast.blame(reject.line, column, reason)
        return parts.blame(owner)


class Ways:
    """Makes the ways of a load; they share its connection, and what the loader knows by itself.

    Rows are made ready by one thread while another writes those before: the connection is used in turn.
    """

    def __init__(
        self,
        conn: Connection[Any],
        side: Connection[Any],
        known: Mapping[str, int],
        add: Adder | None,
    ) -> None:
        self._conn, self._side, self._known, self._add = conn, side, known, add
        self.turn = RLock()

    def rows(self, kind: Kind, binding: Binding, closed: Closed, room: Room | None = None) -> Rows:
        """What makes rows of a kind ready."""
        source_id = self._known["source_id"]
        names = Dimensions(self._conn, source_id, binding.columns, self.turn, self._add)
        known = {name: key for name, key in self._known.items() if not _draws(kind, name)}
        return Rows(kind, names, closed, room, known, self._side)

    def way(self, kind: Kind, mapping: FileMapping, mode: IngestMode, rows: Rows) -> Way:
        """The way of rows that hold others."""
        routed = Routed(self._conn, kind.table)
        merge = Merge(self._conn, kind, mode, self._known["source_id"], routed)
        made = Way(kind, mode, Binding(kind, mapping), rows, merge)
        for name, part in kind.parts.items():
            below = KINDS[part.kind]
            way = made if below is kind else self._below(below, mapping.of_part(name), mode)
            made.parts[name] = part, way
        return made

    def _below(self, kind: Kind, mapping: FileMapping, mode: IngestMode) -> Way:
        """An order that is told again changes its legs, and adds what is new to its activities."""
        if mode is IngestMode.IGNORE:
            mode = IngestMode.INSERT  # a known row was passed by with all that it holds
        elif mode is IngestMode.UPSERT and not kind.is_restatable:
            mode = IngestMode.IGNORE
        rows = self.rows(kind, Binding(kind, mapping), Closed(self._conn, kind.table))
        return self.way(kind, mapping, mode, rows)


class Writer:
    """Writes the chunks of a load: those that hold nothing by `merge`."""

    def __init__(self, conn: Connection[Any], way: Way, merge: Merge, *, is_backfill: bool) -> None:
        self._conn, self._way, self._merge = conn, way, merge
        self._is_backfill = is_backfill

    def ready(self, cast: Cast) -> Ready | None:
        """The rows as they are to be written, unless they may name what the load itself writes."""
        kind = self._way.kind
        return None if kind.parts or kind.own else self._way.rows.of(cast)

    def write(self, cast: Cast, ready: Ready | None) -> Counts:
        """Write what can be; answers what became of each row, with all rejects."""
        total = Counts()
        while True:
            counts = self._merge.write(ready) if ready else self._write(cast)
            waiting = self._waiting(cast) if counts.loaded else []
            for row in waiting:
                del cast.faults[row]
            total.loaded += counts.loaded
            total.duplicate += counts.duplicate
            total.rejects += [*counts.rejects, *cast.rejects()]
            if not waiting:
                return total
            # What these rows name may be among those that were just written.
            self._way.forget()
            cast = cast.only(waiting)

    def _waiting(self, cast: Cast) -> list[int]:
        """Rows that only lack another row of the same table."""
        own = self._way.kind.own
        return [row for row, reasons in sorted(cast.faults.items()) if own >= set(reasons)]

    def _write(self, cast: Cast) -> Counts:
        parts = self._way.held(cast)
        if not parts:
            return self._merge.write(self._way.rows.of(cast))
        if self._is_backfill:
            raise NotForBackfill
        self._conn.execute(query("ingest/check_keys_by_row"))
        while True:
            with self._conn.transaction() as kept:
                counts, is_whole = self._way.with_parts(cast, parts)
                # And once more without the rows whose parts were wrong.
                kept.force_rollback = not is_whole
            if is_whole:
                return counts
            self._way.forget()


def _draws(kind: Kind, column: str) -> bool:
    """Whether it is the table's own key: a source in a file is not the one that the file is from."""
    return kind.identity is not None and kind.identity.name == column


def _first(cast: Cast, rows: list[int], parts: list[Held]) -> list[int]:
    """Of rows with one key only the first was written."""
    given = sorted({name for each in parts for name in each.part.given.values()})
    keys = list(zip(*(cast.cells[name].values.to_pylist() for name in given), strict=True))
    first: dict[Any, int] = {}
    for row in rows:
        first.setdefault(keys[row], row)
    return list(first.values())
