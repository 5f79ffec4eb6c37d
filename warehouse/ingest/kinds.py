"""What a file of each kind holds: its columns, taken from the table that its rows go to."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Integer,
    Numeric,
    Table,
)
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.models.base import Base, Vocabulary, partitioning
from warehouse.models.ops import IngestKind
from warehouse.models.privileges import APPEND_ONLY
from warehouse.models.trading import ExternalKind

Shape = Literal["text", "choice", "numeric", "double", "integer", "boolean", "date", "time", "json"]

# A file names what the tables refer to by key: the column with the key, and what the file calls it.
NAMED = {
    "account_id": "account",
    "instrument_id": "symbol",
    "underlying_id": "underlying",
    "strategy_id": "strategy",
    "order_id": "order",
    "option_contract_id": "osi_symbol",
    "market_event_id": "ticker",
}
MEANING = {
    "account": "Account, by its public id (account_hash).",
    "symbol": "Instrument, by its symbol.",
    "underlying": "Underlying instrument, by its symbol.",
    "strategy": "Strategy, by its name.",
    "order": "Order, by the source's number for it.",
    "osi_symbol": "Option contract, by its OSI symbol.",
    "ticker": "Event, by its ticker at the source.",
}
SYMBOLS = ("symbol", "underlying")
# Characters that a text may have: of a symbol (an option's has 21), of a part of a key, which a B-tree
# must hold, and of any other.
LONGEST_SYMBOL, LONGEST_KEY, LONGEST_TEXT = 32, 500, 100_000
EXTERNAL_ID = "external_id"
REPLACES = "replaces_external_id"
# What the loader knows by itself, or the database fills.
OURS = frozenset({"event_id", "batch_id", "source_id", "created_at", "updated_at", "version"})
# The keys of other rows, for which a file has no name.
UNNAMED = frozenset(
    {"trade_id", "trade_executed_at", "cash_flow_id", "cash_flow_at", "parent_order_id"}
)


@dataclass(frozen=True)
class Field:
    """A column that a file of the kind may have."""

    name: str
    shape: Shape
    comment: str
    required: bool
    column: Column[Any] | None = None  # null where it is stored elsewhere
    words: tuple[str, ...] = ()
    longest: int = LONGEST_TEXT

    @property
    def default(self) -> str | None:
        """What stands where the file says nothing and null is not allowed."""
        if self.column is None or self.column.nullable or self.column.server_default is None:
            return None
        return str(self.column.server_default.arg).strip("'")  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Kind:
    """What the rows of a file are, and where they go."""

    name: IngestKind
    table: Table
    external: ExternalKind | None = None
    natural_key: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """As the command spells it."""
        return self.name.value.replace("_", "-")

    @property
    def is_restatable(self) -> bool:
        return self.table.fullname not in APPEND_ONLY

    @property
    def identity(self) -> Column[Any] | None:
        """The key that the database draws, if it draws one."""
        return next((c for c in self.table.primary_key if c.identity is not None), None)

    @property
    def key(self) -> tuple[str, ...]:
        """What tells a row apart by its values; nothing where only an external id can."""
        if self.natural_key or self.identity is not None:
            return self.natural_key
        return tuple(c.name for c in self.table.primary_key)

    @cached_property
    def control(self) -> str | None:
        """The column that the table is partitioned by."""
        cut = partitioning(self.table)
        return cut.control if cut else None

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """By name, in the table's order."""
        found = [_field(self, c) for c in self.table.columns if _is_told(self, c)]
        if self.external:
            found.insert(
                1, _external(EXTERNAL_ID, "The source's own id of the row; unique in the account.")
            )
        if "replaces_trade_id" in self.table.c:
            found.insert(
                3,
                _external(REPLACES, "External id of the trade that a correction or bust replaces."),
            )
        return {field.name: field for field in found}

    @cached_property
    def lookups(self) -> Mapping[str, str]:
        """The key columns that a name in the file stands for, by the name."""
        return {
            NAMED[c.name]: c.name
            for c in self.table.columns
            if c.name in NAMED and _refers(self, c)
        }


def _is_told(kind: Kind, column: Column[Any]) -> bool:
    if column.name in OURS | UNNAMED or column is kind.identity:
        return False
    # A quote's expiration is its contract's.
    if column.name == "expiration_date" and "option_contract_id" in kind.table.c:
        return kind.identity is not None
    return True


def _refers(kind: Kind, column: Column[Any]) -> bool:
    return column is not kind.identity and any(
        column.name in key.column_keys for key in kind.table.foreign_key_constraints
    )


def _field(kind: Kind, column: Column[Any]) -> Field:
    required = not column.nullable and column.server_default is None
    if column.name in NAMED and _refers(kind, column):
        name = NAMED[column.name]
        longest = LONGEST_SYMBOL if name in SYMBOLS else LONGEST_KEY
        return Field(name, "text", MEANING[name], required, longest=longest)
    words = tuple(column.type.words) if isinstance(column.type, Vocabulary) else ()
    comment = str(column.comment or "")
    is_key = column.primary_key or column.name in kind.key
    is_symbol = column.name in SYMBOLS
    longest = LONGEST_SYMBOL if is_symbol else LONGEST_KEY if is_key else LONGEST_TEXT
    return Field(column.name, _shape(column), comment, required, column, words, longest)


def _external(name: str, comment: str) -> Field:
    return Field(name, "text", comment, required=False, longest=LONGEST_KEY)


def _shape(column: Column[Any]) -> Shape:
    shapes: tuple[tuple[type, Shape], ...] = (
        (Vocabulary, "choice"),
        (Double, "double"),
        (Numeric, "numeric"),
        (Integer, "integer"),
        (Boolean, "boolean"),
        (DateTime, "time"),
        (Date, "date"),
        (JSONB, "json"),
    )
    return next((shape for kind, shape in shapes if isinstance(column.type, kind)), "text")


def _kind(name: IngestKind, table: str, *key: str, external: ExternalKind | None = None) -> Kind:
    return Kind(name, Base.metadata.tables[table], external, key)


KINDS: Mapping[str, Kind] = {
    kind.title: kind
    for kind in (
        _kind(IngestKind.INSTRUMENTS, "reference.instruments", "symbol", "asset_type", "exchange"),
        _kind(
            IngestKind.INSTRUMENT_IDENTIFIERS,
            "reference.instrument_identifiers",
            "source_id",
            "identifier_type",
            "external_id",
            "valid_from",
        ),
        _kind(IngestKind.DAILY_MARKS, "reference.daily_marks"),
        _kind(IngestKind.FX_RATES, "reference.fx_rates"),
        _kind(IngestKind.BARS, "market.bars"),
        _kind(IngestKind.KEY_STATISTICS, "market.key_statistics"),
        _kind(IngestKind.INSTITUTIONAL_HOLDERS, "market.institutional_holders"),
        _kind(IngestKind.OPTION_EXPIRATIONS, "market.option_expirations"),
        _kind(IngestKind.OPTION_CONTRACTS, "market.option_contracts", "osi_symbol"),
        _kind(IngestKind.OPTION_CHAINS, "market.option_chains"),
        _kind(IngestKind.OPTION_QUOTES, "market.option_quotes"),
        _kind(IngestKind.OPTION_DELIVERABLES, "market.option_deliverables"),
        _kind(IngestKind.CORPORATE_ACTIONS, "market.corporate_actions"),
        _kind(IngestKind.EVENTS, "market.events", "source_id", "ticker"),
        _kind(IngestKind.EVENT_ODDS, "market.event_odds"),
        _kind(IngestKind.EVENT_PREDICTIONS, "market.event_predictions"),
        _kind(IngestKind.ORDERS, "trading.orders", "account_id", "source_id", "external_id"),
        _kind(
            IngestKind.ORDER_ACTIVITIES,
            "trading.order_activities",
            "account_id",
            "order_id",
            "external_id",
        ),
        _kind(IngestKind.TRADES, "trading.trades", external=ExternalKind.TRADE),
        _kind(IngestKind.TRANSACTIONS, "trading.transactions", external=ExternalKind.TRANSACTION),
        _kind(IngestKind.CASH_FLOWS, "portfolio.cash_flows", external=ExternalKind.CASH_FLOW),
        _kind(IngestKind.SIGNALS, "trading.signals", external=ExternalKind.SIGNAL),
    )
}
