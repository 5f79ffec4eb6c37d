"""Rollups and marts as their contracts declare them, empty: what reports read, without a run of dbt."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import yaml
from psycopg import Connection, sql

from tests.server import CHECKOUT

MODELS = CHECKOUT / "dbt" / "models"
LAYERS = ("rollups", "marts")


@cache
def contracts() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Layer, name and columns of every model of the layers."""
    return list(_contracts())


def _contracts() -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    for layer in LAYERS:
        for path in sorted((MODELS / layer).rglob("*.yml")):
            for model in yaml.safe_load(path.read_text()).get("models", ()):
                columns = [
                    (c["name"], c["data_type"]) for c in model["columns"] if "data_type" in c
                ]
                if columns:
                    yield layer, model["name"], columns


def make(conn: Connection[Any]) -> None:
    """Make them all, readable by whom reports run as, each with a generation of 1."""
    for layer in LAYERS:
        conn.execute(f"create schema {layer} authorization warehouse_owner")
    conn.execute("set role warehouse_owner")
    # One statement, for there are many: a round trip each would be most of a test's time.
    conn.execute(sql.SQL("; ").join(_tables()))
    conn.execute(
        "with made as (insert into ops.generations (relation, generation, as_of)"
        " select relation, 1, '2026-01-05 21:00+00' from unnest(%s::text[]) as relation returning *)"
        " select pg_notify('warehouse_generations', made.relation || ' 1') from made",
        [[f"{layer}.{name}" for layer, name, _ in contracts()]],
    )
    conn.execute("reset role")


def _tables() -> Iterator[sql.Composable]:
    for layer, name, columns in contracts():
        declared = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(kind))
            for column, kind in columns
        )
        yield sql.SQL("create table {} ({})").format(sql.Identifier(layer, name), declared)


def renew(conn: Connection[Any], relation: str, generation: int) -> None:
    """Give a relation another generation, and tell whoever listens, as a refresh does."""
    conn.execute(
        "insert into ops.generations (relation, generation, as_of)"
        " values (%s, %s, '2026-01-05 21:00+00') on conflict (relation) do update"
        " set generation = excluded.generation",
        [relation, generation],
    )
    conn.execute("select pg_notify('warehouse_generations', %s)", [f"{relation} {generation}"])
