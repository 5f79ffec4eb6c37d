"""Reads a schema out of the catalogue and tells two of them apart, beyond what autogenerate sees."""

from typing import Any

from psycopg import Connection

from warehouse.sql import query

Catalogue = dict[tuple[str, str], str]


def describe(conn: Connection[Any], schemas: tuple[str, ...]) -> Catalogue:
    """Every property of every table: columns, keys, CHECKs, indexes, comments and privileges."""
    rows = conn.execute(query("catalog/describe_schema"), {"schemas": list(schemas)})
    return {(name, kind): definition for name, kind, definition in rows}


def differences(declared: Catalogue, migrated: Catalogue) -> list[str]:
    """What the two disagree on, a line each."""
    return [
        f"{kind} {name}: models say {declared.get((name, kind), 'nothing')!r}, "
        f"migrations {migrated.get((name, kind), 'nothing')!r}"
        for name, kind in sorted(declared.keys() | migrated.keys())
        if declared.get((name, kind)) != migrated.get((name, kind))
    ]
