"""Who may do what to each table; the migrations grant it and the parity check compares it."""

from collections.abc import Iterator

from sqlalchemy import Table

from warehouse.access import BUILD, MAINTAIN, READ, WRITE
from warehouse.models.base import Base

# Written once, by anyone who writes; what was written is corrected by a further row.
APPEND_ONLY = frozenset(
    {
        "library.activity",
        "market.event_predictions",
        "ops.performance_logs",
        "ops.system_logs",
        "portfolio.cash_flows",
        "portfolio.notification_log",
        "trading.execution_legs",
        "trading.external_ids",
        "trading.order_activities",
        "trading.signals",
        "trading.trades",
        "trading.transaction_items",
        "trading.transactions",
    }
)
# Written only through functions that run as the owner.
SEALED = frozenset(
    {
        "audit.access",
        "audit.events",
        "audit.images",
        "audit.seals",
        "audit.shapes",
        "trading.trade_replacements",
    }
)
# Links and list entries: taking one away is part of their use.
REMOVABLE = frozenset(
    {
        "library.book_authors",
        "library.book_categories",
        "ops.api_grants",
        "portfolio.portfolio_accounts",
        "portfolio.watchlist_items",
    }
)
# The registry of what is built, kept by whoever builds.
BUILT = frozenset({"ops.generations", "ops.matviews", "ops.refresh_runs", "ops.rollups"})
# Secrets' hashes are nobody's business but the key functions'.
UNREADABLE = frozenset({"ops.api_keys"})


def privileges(table: Table) -> dict[str, str]:
    """The privileges on one table, by role."""
    name = table.fullname
    granted = {} if name in UNREADABLE else {READ: "select", BUILD: "select"}
    if name in BUILT:
        granted[BUILD] = "select, insert, update, delete"
    if name in SEALED:
        return granted | {WRITE: "select", MAINTAIN: "select"}
    written = "select, insert" if name in APPEND_ONLY else "select, insert, update"
    if name in REMOVABLE:
        written += ", delete"
    return granted | {WRITE: written, MAINTAIN: "select, insert, update, delete"}


def grants() -> Iterator[str]:
    """The GRANT statements of all tables."""
    for table in Base.metadata.sorted_tables:
        for role, granted in privileges(table).items():
            yield f"grant {granted} on {table.fullname} to {role}"
