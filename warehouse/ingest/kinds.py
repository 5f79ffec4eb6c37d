"""Which kinds of rows there are, and what they may hold."""

from collections.abc import Mapping
from typing import LiteralString

from warehouse.ingest.kind import Kind, Part
from warehouse.models.base import Base
from warehouse.models.ops import IngestKind
from warehouse.models.trading import ExternalKind

ORDER = {"account": "account", "order": "external_id"}
PARTS: Mapping[IngestKind, Mapping[str, Part]] = {
    IngestKind.ORDERS: {
        "legs": Part("order-legs", ORDER, "leg_no"),
        "activities": Part("order-activities", ORDER, known_by="external_id"),
        "children": Part("orders", {"account": "account", "parent_order": "external_id"}),
    },
    IngestKind.ORDER_ACTIVITIES: {
        "legs": Part(
            "execution-legs",
            {"account": "account", "order": "order", "activity": "external_id"},
            "execution_no",
        )
    },
    IngestKind.TRANSACTIONS: {
        "items": Part(
            "transaction-items", {"account": "account", "transaction": "external_id"}, "item_no"
        )
    },
    IngestKind.BOOKS: {
        "authors": Part("book-authors", {"isbn": "isbn"}, "position"),
        "categories": Part("book-categories", {"isbn": "isbn"}),
    },
    IngestKind.PORTFOLIOS: {
        "accounts": Part("portfolio-accounts", {"principal": "principal", "portfolio": "name"})
    },
    IngestKind.WATCHLISTS: {
        "items": Part(
            "watchlist-items", {"principal": "principal", "watchlist": "name"}, "sort_order"
        )
    },
}


def _kind(
    name: IngestKind,
    table: str,
    *key: str,
    external: ExternalKind | None = None,
    living: LiteralString | None = None,
) -> Kind:
    return Kind(name, Base.metadata.tables[table], external, key, living, PARTS.get(name, {}))


# In an order in which each comes after those that it refers to.
KINDS: Mapping[str, Kind] = {
    kind.title: kind
    for kind in (
        _kind(IngestKind.SOURCES, "reference.sources", "name"),
        _kind(IngestKind.PRINCIPALS, "reference.principals", "login"),
        _kind(IngestKind.ACCOUNTS, "reference.accounts", "account_hash"),
        _kind(IngestKind.STRATEGIES, "reference.strategies", "name"),
        _kind(IngestKind.TRADING_DAYS, "reference.trading_days"),
        _kind(
            IngestKind.INSTRUMENTS,
            "reference.instruments",
            "symbol",
            "asset_type",
            "exchange",
            living="delisted_at is null",
        ),
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
        _kind(IngestKind.CORPORATE_ACTIONS, "market.corporate_actions"),
        _kind(IngestKind.OPTION_EXPIRATIONS, "market.option_expirations"),
        _kind(IngestKind.OPTION_CONTRACTS, "market.option_contracts", "osi_symbol"),
        _kind(IngestKind.OPTION_DELIVERABLES, "market.option_deliverables"),
        _kind(IngestKind.OPTION_CHAINS, "market.option_chains"),
        _kind(IngestKind.OPTION_QUOTES, "market.option_quotes"),
        _kind(IngestKind.EVENTS, "market.events", "source_id", "ticker"),
        _kind(IngestKind.EVENT_ODDS, "market.event_odds"),
        _kind(IngestKind.EVENT_PREDICTIONS, "market.event_predictions"),
        _kind(IngestKind.ORDERS, "trading.orders", "account_id", "source_id", "external_id"),
        _kind(IngestKind.ORDER_LEGS, "trading.order_legs"),
        _kind(
            IngestKind.ORDER_ACTIVITIES,
            "trading.order_activities",
            "account_id",
            "order_id",
            "external_id",
        ),
        _kind(IngestKind.EXECUTION_LEGS, "trading.execution_legs"),
        _kind(IngestKind.TRADES, "trading.trades", external=ExternalKind.TRADE),
        _kind(IngestKind.CASH_FLOWS, "portfolio.cash_flows", external=ExternalKind.CASH_FLOW),
        _kind(IngestKind.TRANSACTIONS, "trading.transactions", external=ExternalKind.TRANSACTION),
        _kind(IngestKind.TRANSACTION_ITEMS, "trading.transaction_items"),
        _kind(IngestKind.SIGNALS, "trading.signals", external=ExternalKind.SIGNAL),
        _kind(IngestKind.PORTFOLIOS, "portfolio.portfolios", "principal_id", "name"),
        _kind(IngestKind.PORTFOLIO_ACCOUNTS, "portfolio.portfolio_accounts"),
        _kind(IngestKind.WATCHLISTS, "portfolio.watchlists", "principal_id", "name"),
        _kind(IngestKind.WATCHLIST_ITEMS, "portfolio.watchlist_items"),
        _kind(IngestKind.ALERTS, "portfolio.alerts"),
        _kind(
            IngestKind.NOTIFICATION_RULES, "portfolio.notification_rules", "principal_id", "name"
        ),
        _kind(
            IngestKind.LIMITS,
            "risk.limits",
            *("portfolio_id", "account_id", "strategy_id", "instrument_id", "measure", "severity"),
            living="is_active",
        ),
        _kind(IngestKind.BOOKS, "library.books", "isbn"),
        _kind(IngestKind.AUTHORS, "library.authors", "name", "birth_year"),
        _kind(IngestKind.CATEGORIES, "library.categories", "parent_id", "name"),
        _kind(IngestKind.BOOK_AUTHORS, "library.book_authors"),
        _kind(IngestKind.BOOK_CATEGORIES, "library.book_categories"),
    )
}
