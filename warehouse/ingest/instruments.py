"""Adds instruments for symbols that are not known, when a load is told to."""

import re
from collections.abc import Sequence
from typing import Any

from psycopg import Connection

from warehouse.ingest.dimensions import Adder
from warehouse.ingest.mapping import ColumnMapping
from warehouse.models.reference import AssetType
from warehouse.sql import query

OSI = re.compile(r"[^ ].{5}\d{6}[CP]\d{8}", re.ASCII)


def adder(side: Connection[Any]) -> Adder:
    """Adds on this connection, which commits at once: a later try finds them."""

    def add(symbols: Sequence[str], told: ColumnMapping) -> None:
        values = {
            "symbols": list(symbols),
            "asset_types": [told.asset_type or _guess(symbol) for symbol in symbols],
            "exchange": told.exchange,
            "currency": told.currency,
        }
        side.execute(query("ingest/add_instruments"), values)

    return add


def _guess(symbol: str) -> AssetType:
    return AssetType.OPTION if OSI.fullmatch(symbol) else AssetType.EQUITY
