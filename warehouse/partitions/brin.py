"""How well the block-range indexes of partitions work: their size, their order, what is unsummarized.

An unsummarized range is read by every query; a column that is not in order makes every range match.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from warehouse.partitions.index_catalog import quoted
from warehouse.sql import query

SORTED_ENOUGH = 0.9
LARGEST_SHARE = 0.001
SMALL = (
    3072  # pages, 24 MB: up to here the three pages of an empty BRIN alone are more than the share
)


@dataclass(frozen=True)
class Brin:
    """One BRIN of one partition.

    `correlation` is None until the partition is analyzed. `is_exact` says whether `unsummarized` was
    counted in the index itself; else it is how many ranges have come since the last vacuum or
    analyze, some of which autovacuum may have summarized.
    """

    parent: str
    partition: str
    index: str
    column_name: str
    correlation: float | None
    heap_pages: int
    index_pages: int
    pages_per_range: int
    autosummarize: bool
    unsummarized: int
    is_exact: bool = False

    @property
    def ranges(self) -> int:
        """The ranges that are full; the last, that rows still go to, is never summarized."""
        return self.heap_pages // self.pages_per_range

    @property
    def share(self) -> float:
        """The index's size, of the heap's."""
        return self.index_pages / self.heap_pages if self.heap_pages else 0.0

    @property
    def problems(self) -> list[str]:
        """What keeps it from working, with the way out."""
        told = []
        if not self.autosummarize:
            told.append(
                f"{self.index} does not summarize itself: `alter index … set (autosummarize)`"
            )
        if (
            self.correlation is not None
            and abs(self.correlation) < SORTED_ENOUGH
            and self.ranges > 1
        ):
            told.append(
                f"{self.partition} is not in order of {self.column_name} (correlation "
                f"{self.correlation:.2f}), so {self.index} skips little: `cluster` it when it is closed"
            )
        if self.is_exact and self.unsummarized:
            told.append(
                f"{self.index} has {self.unsummarized} of {self.ranges} ranges unsummarized: "
                f"`vacuum` the partition, or `select brin_summarize_new_values('{self.index}')`"
            )
        if self.share > LARGEST_SHARE and self.heap_pages > SMALL:
            told.append(f"{self.index} takes {self.share:.2%} of the heap: `reindex` it")
        return told


def brin_report(conn: Connection[Any], parents: Collection[str] | None = None) -> list[Brin]:
    """Every BRIN of every partition, or of the partitions of some tables."""
    wanted = {"parents": None if parents is None else list(parents)}
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(query("partitions/list_brin_indexes"), wanted).fetchall()
    found = [_estimated(row) for row in rows]
    schema = _pageinspect(conn)[0]
    return _counted(conn, schema, found) if schema else found


def degraded(conn: Connection[Any]) -> str | None:
    """Why unsummarized ranges are estimated, or None where they are counted."""
    schema, reason = _pageinspect(conn)
    return None if schema else reason


def _pageinspect(conn: Connection[Any]) -> tuple[str | None, str]:
    row = conn.execute(query("partitions/read_pageinspect")).fetchone()
    schema, may_look = row or (None, False)
    estimated = "Unsummarized ranges are estimated from the pages that came since the last vacuum"
    if not may_look:
        return None, f"{estimated}: only a superuser may count them in the index."
    if not schema:
        return None, f"{estimated}: to count them in the index, `create extension pageinspect`."
    return str(schema), ""


def _estimated(row: dict[str, Any]) -> Brin:
    known, size = row.pop("known_pages"), row["pages_per_range"]
    since = row["heap_pages"] // size - known // size
    return Brin(**row, unsummarized=max(0, since))


def _counted(conn: Connection[Any], schema: str, found: Sequence[Brin]) -> list[Brin]:
    full = {each.index: each.ranges for each in found if each.ranges}
    named = {"indexes": list(full), "ranges": list(full.values())}
    with conn.transaction():
        conn.execute("select set_config('search_path', %s, true)", [quoted(schema)])
        counted = dict(conn.execute(query("partitions/count_summarized"), named).fetchall())
    return [
        replace(each, unsummarized=each.ranges - counted.get(each.index, 0), is_exact=True)
        for each in found
    ]
