"""Turns names in a file into the keys of rows, which stay locked against deletion until the load commits.

Looked up once for all rows of a chunk, and remembered; what is not found is the reason of a reject.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from psycopg import Connection
from psycopg.rows import class_row, dict_row

from warehouse.ingest.binding import Cast
from warehouse.ingest.casting.cells import Cells, Faults, marked, quoted
from warehouse.ingest.kinds import SYMBOLS
from warehouse.ingest.mapping import ColumnMapping
from warehouse.sql import query

REMEMBERED = 300_000  # names of one column; beyond that they are looked up anew
SIMPLE = {
    "account": ("ingest/find_accounts", "account"),
    "strategy": ("ingest/find_strategies", "strategy"),
    "osi_symbol": ("ingest/find_contracts", "option contract"),
    "ticker": ("ingest/find_events", "event of the source"),
}
Moments = NDArray[np.datetime64]
Adder = Callable[[Sequence[str], ColumnMapping], None]


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
    add: Adder | None = None
    _known: dict[str, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))

    def key(self, cast: Cast, name: str, moments: Moments) -> Cells:
        """The keys that one column of names stands for."""
        values = cast.cells[name].values
        names = pc.dictionary_encode(values)
        at = names.indices.fill_null(-1).to_numpy()
        words = names.dictionary.to_pylist()
        if name in SYMBOLS:
            return self._instruments(name, words, at, moments)
        found = self._learn(name, words, lambda new: self._simple(name, new))
        noun = SIMPLE[name][1]
        keys = [found.get(word) for word in words]
        faults = {
            row: f"{quoted(words[at[row]])} is no {noun} here"
            for row in marked(
                (at >= 0) & np.isin(at, [n for n, key in enumerate(keys) if key is None])
            )
        }
        return Cells(pc.take(pa.array(keys, pa.int64()), names.indices), faults)

    def expirations(self, cast: Cast) -> Cells:
        """When the contracts of the rows expire; `key` has looked them up."""
        names = pc.dictionary_encode(cast.cells["osi_symbol"].values)
        days = self._known["osi_symbol expires"]
        known = [days.get(word) for word in names.dictionary.to_pylist()]
        return Cells(pc.take(pa.array(known, pa.date32()), names.indices))

    def orders(self, cast: Cast, accounts: pa.Array) -> Cells:
        """Orders are found by account and number, and too many to be remembered."""
        numbers = cast.cells["order"].values
        pairs = (
            pa.table({"a": accounts, "n": numbers}).drop_null().group_by(["a", "n"]).aggregate([])
        )
        asked = {
            "account_ids": pairs["a"].to_pylist(),
            "external_ids": pairs["n"].to_pylist(),
            "source_id": self.source_id,
        }
        rows = self.conn.execute(query("ingest/find_orders"), asked)
        found = {(account, number): key for account, number, key in rows}
        keys: list[int | None] = []
        faults: Faults = {}
        for row, pair in enumerate(zip(accounts.to_pylist(), numbers.to_pylist(), strict=True)):
            keys.append(found.get(pair))
            if pair[1] is not None and pair not in found:
                faults[row] = f"{quoted(pair[1])} is no order of the account"
        return Cells(pa.array(keys, pa.int64()), faults)

    # -- what is known -----------------------------------------------------------------------------

    def _learn(
        self, name: str, words: Iterable[str], ask: Callable[[list[str]], Mapping[str, Any]]
    ) -> dict[str, Any]:
        known = self._known[name]
        if len(known) > REMEMBERED:
            known.clear()
        if new := [word for word in words if word not in known]:
            known.update(ask(new))
        return known

    def _simple(self, name: str, names: list[str]) -> Mapping[str, int]:
        asked = {"names": names, "source_id": self.source_id}
        with self.conn.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(query(SIMPLE[name][0]), asked).fetchall()
        if name == "osi_symbol":
            self._known["osi_symbol expires"].update(
                {r["name"]: r["expiration_date"] for r in rows}
            )
        return {row["name"]: row["key"] for row in rows}

    # -- instruments -------------------------------------------------------------------------------

    def _instruments(
        self, name: str, words: list[str], at: NDArray[np.int64], moments: Moments
    ) -> Cells:
        told = self.columns[name]
        found = self._learn(name, words, lambda new: self._listings(told, new))
        keys = np.full(len(at), -1, np.int64)
        faults: Faults = {}
        plain = np.array(
            [found[w][0].key if _is_plain(found[w]) else -1 for w in words] + [-1], np.int64
        )
        keys = plain[at]
        for index, word in enumerate(words):
            if plain[index] < 0:
                rows = np.flatnonzero(at == index)
                _choose(found[word], word, rows, moments, keys, faults)
        return Cells(pa.array(keys, mask=keys < 0), faults)

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
        with self.conn.cursor(row_factory=class_row(Listing)) as cursor:
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
    if not listings:
        faults |= dict.fromkeys(map(int, rows), f"{quoted(word)} is no instrument here")
        return
    bears = np.array([listing.bears(moments[rows]) for listing in listings])
    count = bears.sum(axis=0)
    chosen = np.array([listing.key for listing in listings])[bears.argmax(axis=0)]
    keys[rows[count == 1]] = chosen[count == 1]
    told = "; ".join(map(str, listings))
    for row in map(int, rows[count == 0]):
        faults[row] = f"{quoted(word)} was not listed then ({told})"
    for row in map(int, rows[count > 1]):
        faults[row] = f"{quoted(word)} stands for several ({told}); say in the mapping which"
