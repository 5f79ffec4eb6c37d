"""Keeps how far each feed has come: by instrument, source and frequency.

The loading path calls it; the checks for gaps and stale feeds read it instead of the bars.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from psycopg import Connection
from psycopg.rows import dict_row

from warehouse.ingest.binding import Cast
from warehouse.ingest.casting.cells import Cells
from warehouse.ingest.mapping import Mapping as FileMapping
from warehouse.ingest.rows import Reject
from warehouse.sql import query

FEED = ["instrument_id", "source_id", "frequency"]
REACH = ["seen_from", "seen_to"]

# Why the first row of a feed was turned away, by symbol and frequency.
Missed = dict[tuple[str, str], str]


class Feeds:
    """How far bars reach in each feed, gathered as they are written.

    To read them back takes the server a tenth of a load.
    """

    def __init__(self) -> None:
        self._found: pa.Table | None = None

    def see(self, columns: Mapping[str, Cells]) -> None:
        """These bars stay, and their event is not written yet."""
        values = {name: columns[name].values for name in FEED}
        times = columns["bar_at"].values
        more = pa.table(values | {"seen_from": times, "seen_to": times})
        bars = more if self._found is None else pa.concat_tables([self._found, more])
        found = bars.group_by(FEED).aggregate([("seen_from", "min"), ("seen_to", "max")])
        self._found = found.rename_columns([*FEED, *REACH])

    def listed(self) -> dict[str, list[Any]]:
        """The feeds, a list a column."""
        found = self._found
        return {n: [] if found is None else found[n].to_pylist() for n in (*FEED, *REACH)}


def touch_status(conn: Connection[Any], seen: Feeds | None = None) -> int:
    """Count the bars that this transaction's events name, and those seen; how many feeds they were of."""
    with conn.cursor(row_factory=dict_row) as cursor:
        (written,) = cursor.execute(query("quality/read_written")).fetchall()
        told = written | (seen or Feeds()).listed()
        return cursor.execute(query("quality/touch_status"), told).rowcount


def note_missed(missed: Missed, cast: Cast, rejects: Sequence[Reject], file: str) -> None:
    """Remember whose rows these are, as far as they say it."""
    rows = np.searchsorted(cast.chunk.lines, [reject.line for reject in rejects])
    for row, reject in zip(rows, rejects, strict=True):
        feed = tuple(cast.cells[name].values[int(row)].as_py() for name in ("symbol", "frequency"))
        if None not in feed and feed not in missed:
            why = "; ".join(f"{column} {reason}" for column, reason in reject.reasons.items())
            missed[feed] = f"{file}, line {reject.line}: {why}"


def tell_missed(conn: Connection[Any], source_id: int, missed: Missed) -> None:
    """Say of feeds why rows of theirs were turned away; after the load, so that two never cross."""
    if not missed:
        return
    told = {
        "source": source_id,
        "symbols": [symbol for symbol, _ in missed],
        "frequencies": [frequency for _, frequency in missed],
        "reasons": [*missed.values()],
    }
    conn.execute(query("quality/tell_missed"), told)


def tell_failed(conn: Connection[Any], source: str, mapping: FileMapping, error: str) -> int:
    """Say why a load of bars came to nothing, of every feed that it can have been for; of how many.

    Of a file that cannot be read no more is known than its source and what the mapping says of all rows.
    """
    symbol, frequency = (mapping.columns.get(name) for name in ("symbol", "frequency"))
    told = {
        "source": source,
        "symbol": symbol.value if symbol and symbol.identifier is None else None,
        "frequency": frequency and frequency.value,
        "reason": error,
    }
    return conn.execute(query("quality/tell_failed"), told).rowcount


def feeds(
    conn: Connection[Any],
    symbols: Sequence[str] | None = None,
    most: int = 100,
    *,
    failing: bool = False,
) -> list[dict[str, Any]]:
    """How far the feeds of some symbols, or of all, have come; or those whose last load failed."""
    with conn.cursor(row_factory=dict_row) as cursor:
        told = {"symbols": symbols, "most": most, "failing": failing}
        return cursor.execute(query("quality/list_status"), told).fetchall()
