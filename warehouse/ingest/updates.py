"""Writes what a poll of a feed brings: a batch is one statement, and what a row leaves out stays.

Rows are mappings by column. A coroutine hands its session over: `await session.run_sync(update_odds, rows)`.
Fills and trades are left to booking, files to the loading path.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from sqlalchemy.orm import Session

from warehouse.sql import query

Row = Mapping[str, Any]
Writer = Connection[Any] | Session

LOCK = "select trading.lock_accounts(%(account_ids)s::bigint[])"


@dataclass(frozen=True)
class Updated:
    """How many rows changed, and what was not written: its keys, or for orders what stood in the way."""

    written: int
    refused: Sequence[Any]


def update_quotes(writer: Writer, batch: Iterable[Row]) -> Updated:
    """Option quotes by contract, snapshot and source; refused are contracts nobody knows."""
    return _update(
        writer, "update_quotes", batch, ("option_contract_id", "snapshot_at", "source_id")
    )


def update_odds(writer: Writer, batch: Iterable[Row]) -> Updated:
    """Odds by event, moment and source; a row takes over what the odds before it said."""
    return _update(writer, "update_odds", batch, ("market_event_id", "odds_at", "source_id"))


def update_statistics(writer: Writer, batch: Iterable[Row]) -> Updated:
    """Key statistics by instrument, day and source."""
    return _update(writer, "update_statistics", batch, ("instrument_id", "as_of", "source_id"))


def update_statuses(writer: Writer, batch: Iterable[Row]) -> Updated:
    """Where games and questions stand, by source and ticker; refused are tickers nobody knows."""
    return _update(writer, "update_statuses", batch, ("source_id", "ticker"))


def update_order_statuses(writer: Writer, batch: Iterable[Row]) -> Updated:
    """Where orders stand, by account and order; refused is what cannot follow, or has no order.

    How much has traded is left to the fills.
    """
    rows = list(batch)
    _run(writer, LOCK, {"account_ids": [row["account_id"] for row in rows]})
    return _update(writer, "update_order_statuses", rows, ("account_id", "order_id"))


def _update(
    writer: Writer,
    name: str,
    batch: Iterable[Row],
    key: Sequence[str],
) -> Updated:
    rows = list(_merged(batch, key).values())
    # As text, for JSON's own numbers would pass through floats.
    told = json.dumps(rows, default=str)
    (found,) = _run(writer, query(f"updates/{name}"), {"batch": told})
    return Updated(written=found[0], refused=found[1])


def _merged(batch: Iterable[Row], key: Sequence[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """A row for each key: what is told of one more than once counts as if told together."""
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in batch:
        told = {name: value for name, value in row.items() if value is not None}
        rows.setdefault(tuple(row[name] for name in key), {}).update(told)
    return rows


def _run(writer: Writer, statement: Any, parameters: dict[str, Any]) -> Sequence[Any]:
    if isinstance(writer, Connection):
        return writer.execute(statement, parameters).fetchall()
    return writer.connection().exec_driver_sql(statement, parameters).fetchall()
