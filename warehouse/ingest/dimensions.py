"""Turns names in a file into the keys of rows, which stay locked against deletion until the load commits.

Looked up once for all rows of a chunk, and remembered; what is not found is the reason of a reject.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from psycopg import Connection
from psycopg.rows import class_row
from sqlalchemy import Column, Date, DateTime, Table

from warehouse.ingest.account_numbers import AccountNumbers
from warehouse.ingest.casting.cells import Cells, Faults, marked, quoted
from warehouse.ingest.casting.instants import INSTANT
from warehouse.ingest.mapping import ColumnMapping
from warehouse.ingest.references import Reference
from warehouse.settings import AccountSettings
from warehouse.sql import query

REMEMBERED = 300_000  # names of one column; beyond that they are looked up anew
Moments = NDArray[np.datetime64]
Adder = Callable[[Sequence[str], ColumnMapping], None]
Found = tuple[Mapping[str, Cells], Faults]


class Listing(NamedTuple):
    """An instrument under a name, and when it bears it."""

    name: str
    key: int
    exchange: str | None
    asset_type: str
    listed_at: datetime | None
    delisted_at: datetime | None

    def bears(self, moments: Moments) -> NDArray[np.bool_]:
        """When the name is its own."""
        held = np.ones(len(moments), bool)
        if self.listed_at:
            held &= moments >= np.datetime64(self.listed_at.replace(tzinfo=None), "us")
        if self.delisted_at:
            held &= moments < np.datetime64(self.delisted_at.replace(tzinfo=None), "us")
        return held

    def __str__(self) -> str:
        return f"{self.asset_type} on {self.exchange or 'no exchange'}"


@dataclass
class Dimensions:
    """The names of a load; `add` makes instruments for symbols that are not there."""

    conn: Connection[Any]
    source_id: int
    columns: Mapping[str, ColumnMapping]
    turn: AbstractContextManager[object]  # to use the connection, which others write with
    add: Adder | None = None
    _known: dict[str, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))

    def find(
        self, column: str, reference: Reference, table: Table, names: pa.Array, *within: pa.Array
    ) -> Found:
        """What names stand for, in columns of the table; `within` says what they are unique in."""
        gives = reference.gives or (column,)
        if reference.is_secret:
            return self._sealed(gives, names), {}
        if within:
            return self._within(reference, gives, table, names, within)
        coded = pc.dictionary_encode(names)
        at = coded.indices.fill_null(-1).to_numpy()
        words = coded.dictionary.to_pylist()
        found = self._learn(reference.name, words, lambda new: self._asked(reference, names=new))
        known = [found.get(word) for word in words]
        faults = {
            row: f"{quoted(words[at[row]])} is no {reference.noun} here"
            for row in marked(
                (at >= 0) & np.isin(at, [n for n, keys in enumerate(known) if keys is None])
            )
        }
        columns = _columns(gives, table, known)
        taken = {name: pc.take(each, coded.indices) for name, each in columns.items()}
        return _cells(taken), faults

    def instruments(self, reference: Reference, names: pa.Array, moments: Moments) -> Cells:
        """The listings that bore the names when the rows happened."""
        coded = pc.dictionary_encode(names)
        at = coded.indices.fill_null(-1).to_numpy()
        words = coded.dictionary.to_pylist()
        told = self.columns[reference.name]
        found = self._learn(reference.name, words, lambda new: self._listings(told, new))
        faults: Faults = {}
        plain = np.array(
            [found[w][0].key if _is_plain(found[w]) else -1 for w in words] + [-1], np.int64
        )
        keys = plain[at]
        timed = ~np.isnat(moments)  # of the others it is told already that they have no time
        for index, word in enumerate(words):
            if plain[index] < 0:
                rows = np.flatnonzero((at == index) & timed)
                if not found[word]:
                    why = f"{quoted(word)} is no {told.identifier or reference.noun} here"
                    faults |= dict.fromkeys(map(int, rows), why)
                    continue
                _choose(found[word], word, rows, moments, keys, faults)
        return Cells(pa.array(keys, mask=keys < 0), faults)

    def forget(self) -> None:
        """Rows that names may stand for came or went."""
        self._known.clear()

    # -- what is known -----------------------------------------------------------------------------

    def _learn(
        self, name: str, words: Iterable[str], ask: Callable[[list[str]], Mapping[Any, Any]]
    ) -> dict[str, Any]:
        known = self._known[name]
        if len(known) > REMEMBERED:
            known.clear()
        if new := [word for word in words if word not in known]:
            known.update(ask(new))
        return known

    def _asked(self, reference: Reference, **told: list[Any]) -> Mapping[Any, tuple[Any, ...]]:
        """What is found, by the name, or by the name and what it is unique in."""
        more = {"source_id": self.source_id, "kind": reference.external}
        with self.turn:
            rows = self.conn.execute(query(f"ingest/{reference.finder}"), told | more).fetchall()
        wide = 1 + len(reference.within)
        return {row[0] if wide == 1 else row[:wide]: row[wide:] for row in rows}

    def _within(
        self,
        reference: Reference,
        gives: Sequence[str],
        table: Table,
        names: pa.Array,
        within: Sequence[pa.Array],
    ) -> Found:
        """Too many to be remembered: asked for each chunk."""
        told = list(zip(*(each.to_pylist() for each in (names, *within)), strict=True))
        asked = sorted({each for each in told if each[0] is not None}, key=repr)
        found: Mapping[Any, tuple[Any, ...]] = {}
        if asked:
            columns = map(list, zip(*asked, strict=True))
            told_of = dict(zip(("names", *reference.within), columns, strict=True))
            found = self._asked(reference, **told_of)
        faults = {
            row: f"{quoted(each[0])} is no {reference.noun}"
            for row, each in enumerate(told)
            if each[0] is not None and each not in found
        }
        known = _columns(gives, table, [found.get(each) for each in told])
        return _cells(known), faults

    def _sealed(self, gives: Sequence[str], numbers: pa.Array) -> Mapping[str, Cells]:
        """What account numbers are kept as."""
        key = AccountNumbers.of(AccountSettings())
        told = numbers.to_pylist()
        return {
            name: Cells(pa.array([None if n is None else made(n) for n in told], pa.binary()))
            for name, made in zip(gives, (key.encrypted, key.digest), strict=True)
        }

    # -- instruments -------------------------------------------------------------------------------

    def _listings(self, told: ColumnMapping, names: list[str]) -> Mapping[str, list[Listing]]:
        found = self._ask(told, names)
        missing = [each for each in names if each not in found]
        if missing and self.add and told.identifier is None:
            self.add(missing, told)
            found.update(self._ask(told, missing))
        return {name: found.get(name, []) for name in names}

    def _ask(self, told: ColumnMapping, names: list[str]) -> dict[str, list[Listing]]:
        text = "find_instruments" if told.identifier is None else "find_identified_instruments"
        asked = {
            "names": names,
            "source_id": self.source_id,
            "identifier_type": told.identifier,
        }
        found: dict[str, list[Listing]] = {}
        with self.turn, self.conn.cursor(row_factory=class_row(Listing)) as cursor:
            for listing in cursor.execute(query(f"ingest/{text}"), asked):
                fits = told.exchange in (None, listing.exchange)
                if fits and told.asset_type in (None, listing.asset_type):
                    found.setdefault(listing.name, []).append(listing)
        return found


def _is_plain(listings: Sequence[Listing]) -> bool:
    return len(listings) == 1 and listings[0].listed_at is listings[0].delisted_at is None


def _choose(
    listings: Sequence[Listing],
    word: str,
    rows: NDArray[np.int64],
    moments: Moments,
    keys: NDArray[np.int64],
    faults: Faults,
) -> None:
    """Symbols are used again: which listing bore the name when the row happened?"""
    bears = np.array([listing.bears(moments[rows]) for listing in listings])
    count = bears.sum(axis=0)
    chosen = np.array([listing.key for listing in listings])[bears.argmax(axis=0)]
    keys[rows[count == 1]] = chosen[count == 1]
    told = "; ".join(map(str, listings))
    for row in map(int, rows[count == 0]):
        faults[row] = f"{quoted(word)} was not listed then ({told})"
    for row in map(int, rows[count > 1]):
        faults[row] = f"{quoted(word)} stands for several ({told}); say in the mapping which"


def _columns(
    gives: Sequence[str], table: Table, known: Sequence[tuple[Any, ...] | None]
) -> Mapping[str, pa.Array]:
    """What was found, as columns of the table."""
    found = {}
    for place, name in enumerate(gives):
        values = [None if keys is None else keys[place] for keys in known]
        column = table.c.get(name)
        found[name] = pa.array(values, None if column is None else _type(column))
    return found


def _cells(columns: Mapping[str, pa.Array]) -> Mapping[str, Cells]:
    """What has no parent stands at the root."""
    return {
        name: Cells(pc.fill_null(values, 0) if name == "depth" else values)
        for name, values in columns.items()
    }


def _type(column: Column[Any]) -> pa.DataType:
    """Keys, but for the day or moment that is part of some, and a leg's number."""
    if isinstance(column.type, Date):
        return pa.date32()
    if isinstance(column.type, DateTime):
        return INSTANT
    return pa.int32() if column.type.__visit_name__ == "integer" else pa.int64()
