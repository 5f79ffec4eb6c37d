"""Which tables are audited, and how: what the triggers of each table know of it.

The migrations call `audit.watch` with the same words; a test compares the two in the catalogue.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from sqlalchemy import FromClause, Table

from warehouse.models.base import Base, Recorded, partitioning
from warehouse.models.privileges import APPEND_ONLY


class Kind(StrEnum):
    """What a table's rows allow, and what an event keeps of them."""

    APPEND_ONLY = "append_only"  # never rewritten; maintenance leaves images
    RESTATABLE = "restatable"  # rewritten by a better load; an image keeps the old row
    MUTABLE = "mutable"  # rewritten as things go on; an image keeps both states
    RECORD = "record"  # no event in the row, so that also an insert leaves its image
    REFERENCE = "reference"  # no event in the row, and loaded by the thousand: changes leave images


ANY = "*"

RECORDS = frozenset(
    {
        "audit.holds",
        "ops.api_grants",
        "ops.api_keys",
        "ops.jobs",
        "ops.partition_policy",
        "ops.system_config",
        "portfolio.notification_rules",
        "portfolio.portfolio_accounts",
        "portfolio.portfolios",
        "portfolio.watchlist_items",
        "portfolio.watchlists",
        "reference.accounts",
        "reference.principals",
    }
)
REFERENCES = frozenset(
    {
        "library.authors",
        "library.book_authors",
        "library.book_categories",
        "library.books",
        "library.categories",
        "reference.daily_marks",
        "reference.fx_rates",
        "reference.instrument_identifiers",
        "reference.instruments",
        "reference.sources",
        "reference.strategies",
        "reference.trading_days",
    }
)
# Unpartitioned tables whose rows belong to a time that never changes or is null.
TIMES = {
    "market.corporate_actions": "effective_day",
    "market.institutional_holders": "date_reported",
    "market.key_statistics": "as_of",
    "reference.daily_marks": "day",
    "reference.fx_rates": "day",
    "reference.trading_days": "day",
    "trading.execution_legs": "executed_at",
    "trading.external_ids": "occurred_at",
    "trading.order_activities": "activity_at",
    "trading.orders": "entered_at",
}
HIDDEN = {"ops.api_keys": ("secret_hash",)}


@dataclass(frozen=True)
class Audited:
    """One audited table, in the words of `audit.watch`."""

    table: str
    kind: Kind
    time: str | None
    account: str | None
    instrument: str | None  # ANY: its rows lead to instruments without naming them
    hidden: tuple[str, ...]

    @property
    def triggers(self) -> list[str]:
        """What `audit.watch` makes on the table."""
        writes = ("insert", "update", "delete")
        made = [f"audit_{when}{write}" for when in ("before_", "") for write in writes]
        row = [] if self.kind in (Kind.RECORD, Kind.REFERENCE) else ["audit_row"]
        return [*made, "audit_truncate", *row]


def audited() -> Iterator[Audited]:
    """Every audited table."""
    for table in Base.metadata.sorted_tables:
        kind = kind_of(table)
        if kind:
            yield Audited(
                table.fullname,
                kind,
                _time(table),
                "account_id" if "account_id" in table.c else None,
                _instrument(table),
                HIDDEN.get(table.fullname, ()),
            )


def kind_of(table: Table) -> Kind | None:
    """How a table is audited; None where it is the log itself, or the warehouse's own bookkeeping."""
    name = table.fullname
    if name in RECORDS:
        return Kind.RECORD
    if name in REFERENCES:
        return Kind.REFERENCE
    if table not in _recorded():
        return None
    if name in APPEND_ONLY:
        return Kind.APPEND_ONLY
    return Kind.RESTATABLE if table.schema == "market" else Kind.MUTABLE


@cache
def _recorded() -> frozenset[FromClause]:
    return frozenset(m.local_table for m in Base.registry.mappers if issubclass(m.class_, Recorded))


def _time(table: Table) -> str | None:
    declared = partitioning(table)
    return declared.control if declared else TIMES.get(table.fullname)


def _instrument(table: Table) -> str | None:
    for column in ("instrument_id", "underlying_id"):
        if column in table.c:
            return column
    return ANY if {"option_contract_id", "market_event_id"} & set(table.c.keys()) else None
