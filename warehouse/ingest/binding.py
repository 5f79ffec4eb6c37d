"""Binds the columns of a file to those of a kind, as the mapping says, and casts them chunk by chunk."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from warehouse.ingest.casting.cells import Cells, Faults, as_text, is_text
from warehouse.ingest.casting.column import cast, missing
from warehouse.ingest.casting.instants import Clock
from warehouse.ingest.encode import taken
from warehouse.ingest.errors import BadFile, BadMapping
from warehouse.ingest.fields import Field
from warehouse.ingest.kind import Kind
from warehouse.ingest.mapping import ColumnMapping
from warehouse.ingest.mapping import Mapping as FileMapping
from warehouse.ingest.rows import Chunk, Lines, Reasons, Reject

CLOCKS_DIFFER = timedelta(days=1)  # what a feed may be ahead of us before it is called the future
NUMBERS = ("numeric", "double", "integer")
MOST_NAMES, LONGEST_NAME = 40, 60
UNTOLD = ColumnMapping.model_validate({})


@dataclass(frozen=True)
class Cast:
    """A chunk whose values are cast: cells by field, and the reasons of the rows that failed."""

    chunk: Chunk
    cells: Mapping[str, Cells]
    faults: dict[int, Reasons]

    def blame(self, row: int, column: str, reason: str) -> None:
        self.faults.setdefault(row, {})[column] = reason

    def good(self) -> NDArray[np.bool_]:
        mask = np.ones(len(self.chunk), bool)
        mask[list(self.faults)] = False
        return mask

    def only(self, rows: Sequence[int], lines: Lines | None = None) -> "Cast":
        """Some of the rows, with what is wrong with them; renumbered, if told."""
        at = np.array(rows, np.int64)
        chunk = Chunk(
            self.chunk.lines[at] if lines is None else lines,
            {name: values.take(pa.array(at)) for name, values in self.chunk.columns.items()},
            lambda row: self.chunk.raw(rows[row]),
        )
        faults = {new: dict(self.faults[old]) for new, old in enumerate(rows) if old in self.faults}
        return Cast(chunk, taken(self.cells, at), faults)

    def rejects(self) -> Iterator[Reject]:
        for row, reasons in sorted(self.faults.items()):
            yield Reject(int(self.chunk.lines[row]), self.chunk.raw(row), reasons)


class Binding:
    """Which columns of a file become which of ours."""

    def __init__(self, kind: Kind, mapping: FileMapping) -> None:
        if unknown := sorted(set(mapping.columns) - set(kind.fields)):
            raise BadMapping(
                f"The mapping names {', '.join(unknown)}, which {kind.title} do not have; they have "
                f"{', '.join(kind.fields)}. Nothing was loaded."
            )
        if unknown := sorted(set(mapping.parts) - set(kind.parts)):
            holds = f"hold {', '.join(kind.parts)}" if kind.parts else "hold nothing else"
            raise BadMapping(
                f"The mapping has parts {', '.join(unknown)}; {kind.title} {holds}. Nothing was loaded."
            )
        self.kind, self._mapping = kind, mapping
        self._latest = datetime.now(UTC) + CLOCKS_DIFFER
        self.columns = {f.name: mapping.columns.get(f.name, UNTOLD) for f in kind.fields.values()}

    @property
    def known(self) -> set[str]:
        """The names that the file's own columns can have."""
        return {name for field in self.kind.fields for name in self.sources(field)}

    @property
    def nulls(self) -> tuple[str, ...]:
        """The file's words for nothing."""
        return self._mapping.nulls

    def part(self, name: str) -> str:
        """The file's column that holds rows of another kind."""
        told = self._mapping.parts.get(name)
        return (told and told.source) or name

    def check(self, names: Collection[str]) -> list[str]:
        """Refuse a file that lacks a column; answers the columns of it that are not used."""
        there = {_plain(name) for name in names}
        lacking = [
            source
            for field in self.kind.fields.values()
            for source in self.sources(field.name)
            if _plain(source) not in there
            and (field.required or self.columns[field.name].sources)
            and self.columns[field.name].default is None
        ]
        if lacking:
            raise BadFile(
                f"The file has no column {', '.join(lacking)}; it has {self._told(names)}. Nothing was "
                "loaded; say with --map which of its columns are meant, or which delimiter it has."
            )
        parts = (self.part(name) for name in self.kind.parts)
        used = {_plain(name) for name in (*self.known, *parts)}
        return [name for name in names if _plain(name) not in used]

    def _told(self, names: Collection[str]) -> str:
        """The file's columns in an error; where its header is a row, so are the values of one."""
        return f"{len(names)} others" if self.kind.is_secret else _listed(names)

    def sources(self, field: str) -> tuple[str, ...]:
        """The file's columns that one of ours is made of."""
        told = self.columns[field]
        if told.value is not None:
            return ()
        return told.sources or (field,)

    def cast(self, chunk: Chunk) -> Cast:
        """The chunk's values as our columns hold them."""
        found = Cast(chunk, {}, {})
        named = {_plain(name): values for name, values in chunk.columns.items()}
        cells: dict[str, Cells] = {}
        for field in self.kind.fields.values():
            values = self._values(field, named, len(chunk))
            if values is None:
                if field.required:
                    self._blame(found, field, dict.fromkeys(range(len(chunk)), "is missing"))
                continue
            told = self._cast(field, values)
            self._blame(found, field, told.faults)
            if field.required:
                self._blame(found, field, missing(told))
            cells[field.name] = told
        return Cast(chunk, cells, found.faults)

    def _blame(self, found: Cast, field: Field, faults: Mapping[int, str]) -> None:
        for row, reason in faults.items():
            found.blame(row, field.name, reason)

    def _values(self, field: Field, named: Mapping[str, pa.Array], rows: int) -> pa.Array | None:
        told = self.columns[field.name]
        if told.value is not None:
            return pa.repeat(pa.scalar(told.value), rows)
        parts = [named.get(_plain(source)) for source in self.sources(field.name)]
        if any(part is None for part in parts):
            return None if told.default is None else pa.repeat(pa.scalar(told.default), rows)
        if len(parts) == 1:
            return parts[0]
        return pc.binary_join_element_wise(*(as_text(part)[0] for part in parts), " ")

    def _cast(self, field: Field, values: pa.Array) -> Cells:
        told = self.columns[field.name]
        faults: Faults = {}
        nulls: Iterable[str] = self._mapping.nulls
        if pa.types.is_binary(values.type) or pa.types.is_null(values.type):
            values, faults = as_text(values)
            nulls = ()  # what reads bytes has known them
        if is_text(values):
            values = _translated(values, told, nulls)
            if field.name in self.kind.lookups:
                values = pc.utf8_trim_whitespace(values)
            if field.shape in NUMBERS:
                values = self._pointed(values, told)
        if told.default is not None:
            values = pc.fill_null(values, pa.scalar(told.default).cast(values.type))
        latest = self._latest if field.name == self.kind.control else None
        cells = cast(values, field, self._clock(told), told.scale, latest)
        cells.faults.update(faults)
        return _filled(cells, field)

    def _pointed(self, values: pa.Array, told: ColumnMapping) -> pa.Array:
        """Numbers with the point that ours have."""
        thousands = told.thousands or self._mapping.thousands
        decimal = told.decimal or self._mapping.decimal
        if thousands:
            values = pc.replace_substring(values, thousands, "")
        return pc.replace_substring(values, decimal, ".") if decimal else values

    def _clock(self, told: ColumnMapping) -> Clock:
        zone, unit = told.zone or self._mapping.zone, told.unit or self._mapping.unit
        return Clock(zone, unit, told.format, told.ambiguous, told.date or self._mapping.date)


def _listed(names: Collection[str]) -> str:
    """The file's columns in an error: what is no CSV can have thousands, of any length."""
    told = [name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME] + "…" for name in names]
    more = f" and {len(told) - MOST_NAMES} more" if len(told) > MOST_NAMES else ""
    return ", ".join(told[:MOST_NAMES]) + more


def _plain(name: str) -> str:
    """ "Trade Date " is trade_date."""
    return name.strip().lower().replace(" ", "_")


def _translated(values: pa.Array, told: ColumnMapping, nulls: Iterable[str]) -> pa.Array:
    if absent := [*told.nulls, *nulls]:
        gone = pc.is_in(values, pa.array(absent, pa.string()))
        values = pc.if_else(gone, pa.scalar(None, pa.string()), values)
    if not told.values:
        return values
    found = pc.index_in(values, pa.array(list(told.values), pa.string()))
    return pc.coalesce(pc.take(pa.array(list(told.values.values()), pa.string()), found), values)


def _filled(cells: Cells, field: Field) -> Cells:
    """What the table would fill by itself, for COPY would write the null."""
    default = field.default
    if default is None or not cells.values.null_count:
        return cells
    wanted = cast(pa.array([default]), field, Clock())
    gaps = pc.is_null(cells.values)
    value = wanted.values[0].cast(cells.values.type)
    scales = cells.scales
    if scales is None and pa.types.is_decimal(cells.values.type) and cells.values.type.scale:
        scales = pa.repeat(pa.scalar(cells.values.type.scale, pa.int16()), len(cells.values))
    if scales is not None:
        scales = pc.if_else(gaps, pa.scalar(0, pa.int16()), scales)
    return Cells(pc.if_else(gaps, value, cells.values), cells.faults, scales)
