"""Which rollups and materialized views there are, and in which order they are refreshed.

Read from the catalogue, so that dbt is not needed; refreshing them is left to `runs`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from warehouse.errors import WarehouseError
from warehouse.sql import query


class MartError(WarehouseError):
    """There is no such mart; `warehouse marts` lists them."""


class MartKind(StrEnum):
    ROLLUP = "rollup"
    MATVIEW = "materialized view"


@dataclass(frozen=True)
class Mart:
    """A relation that is kept equal to a query, and the tables and marts below it."""

    relation: str
    kind: MartKind
    reads: Sequence[str]


@dataclass(frozen=True)
class Freshness:
    """How new a mart is, how long the oldest write it has not seen has waited, how large it is."""

    relation: str
    generation: int | None
    as_of: datetime | None
    lag: timedelta | None
    last_state: str | None
    last_run: datetime | None
    row_estimate: int
    bytes: int
    source_floor: datetime | None
    verified_at: datetime | None


def read_marts(conn: Connection[Any], only: Collection[str] = ()) -> list[Mart]:
    """The marts of production, each after what it reads; or those that are named, in that order."""
    rows = conn.execute(query("refresh/list_marts"), {"named": list(only)}).fetchall()
    marts = in_order([Mart(relation, MartKind(kind), reads) for relation, kind, reads in rows])
    return _named(marts, only) if only else marts


def read_freshness(conn: Connection[Any], marts: Sequence[Mart]) -> list[Freshness]:
    relations = [mart.relation for mart in marts]
    with conn.cursor(row_factory=class_row(Freshness)) as cursor:
        return cursor.execute(query("refresh/describe_marts"), {"relations": relations}).fetchall()


def in_order(marts: Sequence[Mart]) -> list[Mart]:
    """Each after what it reads. Pure."""
    by_name = {mart.relation: mart for mart in marts}
    graph = {mart.relation: by_name.keys() & set(mart.reads) for mart in marts}
    try:
        return [by_name[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        circle = " reads ".join(reversed(error.args[1]))
        raise MartError(
            f"{circle}: none of them can be refreshed before the others. Nothing was refreshed; "
            "mend the models and run `warehouse build`."
        ) from error


def _named(marts: Sequence[Mart], only: Collection[str]) -> list[Mart]:
    """Those whose name, with or without its schema, was given."""
    names = {mart.relation.rpartition(".")[2]: mart.relation for mart in marts}
    wanted = {names.get(name, name) for name in only}
    unknown = wanted - {mart.relation for mart in marts}
    if unknown:
        raise MartError(
            f"{', '.join(sorted(unknown))}: no such rollup or materialized view. Nothing was done; "
            "`warehouse marts` lists what there is."
        )
    return [mart for mart in marts if mart.relation in wanted]
