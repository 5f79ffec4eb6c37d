"""Foreign keys checked a set at a time: row by row they are half the time of a load.

The row triggers are off while a step writes. Before it commits, every key that its rows name must be
among the step's own rows, or stand in the database, where it is locked so that nobody can delete it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from psycopg import Connection, sql
from sqlalchemy import Date, DateTime, ForeignKeyConstraint, Integer, Table

from warehouse.demo.arrays import Ints
from warehouse.demo.binary import Optional, Rows, count
from warehouse.demo.chunks import Chunk
from warehouse.errors import ConstraintError
from warehouse.sql import query

_FOUND = sql.SQL("""
select count(*)
from (
    select
    from {parent} as p
    inner join unnest({keys}) as k ({names}) on {matches}
    for key share of p
) as found
""")
# How the kinds of column that keys are made of look as whole numbers, and in SQL.
_KINDS = ((DateTime, "M8[us]", "timestamptz"), (Date, "M8[D]", "date"), (Integer, "i8", "bigint"))

Columns = tuple[str, ...]


def may_defer(conn: Connection[Any]) -> bool:
    """Whether the row-by-row checks can be switched off by this login; they do the same, slower."""
    row = conn.execute(query("demo/may_defer_checks")).fetchone()
    return bool(row and row[0])


@dataclass
class ForeignKeys:
    """The keys that a step's rows have and name, by table."""

    conn: Connection[Any]
    _named: dict[ForeignKeyConstraint, Ints] = field(default_factory=dict)
    _written: dict[tuple[str, Columns], list[Ints]] = field(default_factory=dict)

    def defer(self) -> None:
        """Until the transaction ends."""
        self.conn.execute("set local session_replication_role = replica")

    def note(self, chunk: Chunk) -> None:
        """Remember what a piece names, and what others may name of it."""
        for key in chunk.table.foreign_key_constraints:
            named = _keys(chunk.table, key.column_keys, chunk.rows)
            known = self._named.get(key)
            both = named if known is None else np.concatenate([known, named])
            self._named[key] = _distinct(both)
        for name in {"order_id", "activity_id", "leg_no", "transaction_id"} & set(chunk.rows):
            self._keep(chunk, name)

    def _keep(self, chunk: Chunk, name: str) -> None:
        """A fact's own primary key, which the step's other rows may name."""
        columns = tuple(column.name for column in chunk.table.primary_key)
        if columns[-1] == name:
            written = self._written.setdefault((chunk.table.fullname, columns), [])
            written.append(_keys(chunk.table, columns, chunk.rows))

    def check(self) -> None:
        """Fail where something is named that is not there."""
        for key, named in self._named.items():
            columns = tuple(element.column.name for element in key.elements)
            own = self._written.get((key.referred_table.fullname, columns), [])
            missing = _without(named, np.concatenate(own)) if own else named
            if len(missing) and self._found(key.referred_table, columns, missing) < len(missing):
                raise ConstraintError(
                    f"{key.table.fullname} has rows that break {key.name}; "
                    "nothing of the step was kept."
                )

    def _found(self, parent: Table, columns: Columns, keys: Ints) -> int:
        names = [sql.Identifier(column) for column in columns]
        kinds = [_kind(parent, column) for column in columns]
        statement = _FOUND.format(
            parent=sql.Identifier(str(parent.schema), parent.name),
            keys=sql.SQL(", ").join(sql.SQL(f"%s::{name}[]") for _, name in kinds),
            names=sql.SQL(", ").join(names),
            matches=sql.SQL(" and ").join(sql.SQL("p.{0} = k.{0}").format(n) for n in names),
        )
        values = [keys[:, n].astype(kind).tolist() for n, (kind, _) in enumerate(kinds)]
        row = self.conn.execute(statement, values).fetchone()
        return int(row[0]) if row else 0


def _kind(table: Table, column: str) -> tuple[str, str]:
    kind = table.c[column].type
    return next((array, name) for one, array, name in _KINDS if isinstance(kind, one))


def _keys(table: Table, columns: Sequence[str], rows: Rows) -> Ints:
    """The distinct keys in some columns, a row each; none of where one of them is null."""
    total = count(rows)
    present = np.ones(total, bool)
    found = np.zeros((total, len(columns)), np.int64)
    for n, name in enumerate(columns):
        values = rows.get(name)
        if values is None:
            return np.zeros((0, len(columns)), np.int64)
        if isinstance(values, Optional):
            present &= values.present
            values = values.values
        found[:, n] = np.asarray(values, _kind(table, name)[0]).astype(np.int64)
    return _distinct(found[present])


def _distinct(keys: Ints) -> Ints:
    # Sorting rows is ten times as slow as sorting numbers.
    return np.unique(keys)[:, None] if keys.shape[1] == 1 else np.unique(keys, axis=0)


def _without(keys: Ints, known: Ints) -> Ints:
    """The keys that are not among the known ones."""
    both, counts = np.unique(np.concatenate([keys, known, known]), axis=0, return_counts=True)
    found: Ints = both[counts == 1]
    return found
