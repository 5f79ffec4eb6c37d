"""What a row holds of other kinds, as rows of their own: an order's legs, a transaction's items.

Pure; `way` writes them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from warehouse.ingest.binding import Binding, Cast
from warehouse.ingest.casting.column import missing
from warehouse.ingest.json_rows import Number, columns
from warehouse.ingest.kind import Part
from warehouse.ingest.rows import Chunk

UNKNOWN = "is missing; what the row holds is known by it"
NAMELESS = "is missing; told again, it could not be known"


@dataclass(frozen=True)
class Held:
    """The parts of a chunk's rows: cast, and of each the row that holds it and its place there."""

    name: str
    part: Part
    cast: Cast
    owners: np.ndarray[Any, np.dtype[np.int64]]
    places: list[int]

    def blame(self, owner: Cast) -> bool:
        """Tell the rows that hold them what is wrong with parts; answers whether anything is."""
        for row, reasons in self.cast.faults.items():
            at = int(self.owners[row])
            # What is wrong with what the parts have from it is told of itself.
            own = owner.faults.get(at, {}).keys() & set(self.part.given.values())
            for column, reason in reasons.items():
                if not (own and column in self.part.given):
                    owner.blame(at, f"{self.name}[{self.places[row]}].{column}", reason)
        return bool(self.cast.faults)

    def of(self, rows: set[int]) -> "Held":
        """Only the parts of these rows."""
        kept = [n for n, owner in enumerate(self.owners) if int(owner) in rows]
        places = [self.places[n] for n in kept]
        cast = self.cast.only(kept, np.arange(len(kept)))
        return Held(self.name, self.part, cast, self.owners[kept], places)


def held(owner: Cast, name: str, column: str, part: Part, binding: Binding) -> Held | None:
    """The parts under one of the file's columns, or None where no row has any."""
    told = owner.chunk.columns.get(column)
    found = [] if told is None else list(_found(owner, name, told))
    if not found:
        return None
    rows = [_numbered(row, part, binding, place) for _, place, row in found]
    owners = np.array([at for at, _, _ in found], np.int64)
    _blame_nameless(owner, part, sorted(set(owners)))
    named = columns(rows, binding.nulls, binding.known)
    for theirs, ours in part.given.items():
        if ours in owner.cells:
            (source, *_) = binding.sources(theirs) or (theirs,)
            named[source] = owner.cells[ours].values.take(pa.array(owners))
    # A number for each part: lines are how the writing tells what became of a row.
    cast = binding.cast(Chunk(np.arange(len(rows)), named, lambda _: ""))
    if part.known_by:
        cells = cast.cells.get(part.known_by)
        for row in missing(cells) if cells else range(len(rows)):
            cast.blame(row, part.known_by, NAMELESS)
    places = [place for _, place, _ in found]
    return Held(name, part, cast, owners, places)


def _found(owner: Cast, name: str, told: pa.Array) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Each part, with the row that holds it and its place there."""
    for row, text in enumerate(told.to_pylist()):
        parts = list(_objects(text))
        if None in parts:
            owner.blame(row, name, "is no list of objects")
            continue
        yield from ((row, place, part) for place, part in enumerate(parts, 1) if part is not None)


def _objects(text: bytes | str | None) -> Iterator[dict[str, Any] | None]:
    """None for what is no object."""
    if text is None:
        return
    try:
        found = json.loads(text, parse_float=Number, parse_int=Number, parse_constant=Number)
    except (ValueError, RecursionError):
        found = [None]
    if not isinstance(found, list):
        found = [found]
    yield from (each if isinstance(each, dict) else None for each in found)


def _numbered(row: dict[str, Any], part: Part, binding: Binding, place: int) -> dict[str, Any]:
    """The place among the row's parts, where the part does not say it."""
    if part.number is None:
        return row
    (source, *_) = binding.sources(part.number) or (part.number,)
    return row if row.get(source) is not None else row | {source: Number(place)}


def _blame_nameless(owner: Cast, part: Part, rows: list[int]) -> None:
    for ours in part.given.values():
        values = owner.cells[ours].values if ours in owner.cells else None
        for row in rows:
            if (values is None or not values[row].is_valid) and row not in owner.faults:
                owner.blame(row, ours, UNKNOWN)
