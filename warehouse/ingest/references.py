"""What a file calls the rows that its own refer to: names for keys, and what they are unique in.

`dimensions` finds them.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """A name that stands for a key."""

    name: str  # the file's column
    noun: str  # in the reason of a reject
    comment: str
    finder: str  # the query: a row is the name, what it is unique within, and what it gives
    within: tuple[str, ...] = ()  # the columns that it is unique in
    gives: tuple[str, ...] = ()  # the columns that are filled with what is found; else its own
    external: str | None = None  # kind of the external id that it is
    is_secret: bool = False  # is no name: what is given is made of the value, which is kept nowhere

    @property
    def is_instrument(self) -> bool:
        """Whether it means a listing, which takes the row's time to tell."""
        return self.finder == "find_instruments"


def _instrument(name: str, comment: str) -> Reference:
    return Reference(name, "instrument", comment, "find_instruments")


def _order(name: str, comment: str) -> Reference:
    return Reference(name, "order of the account", comment, "find_orders", ("account_id",))


def _of_order(name: str, comment: str, finder: str) -> Reference:
    return Reference(
        name,
        f"{name.removesuffix('_no')} of the order",
        comment,
        finder,
        ("account_id", "order_id"),
    )


def _external(name: str, comment: str, gives: tuple[str, str]) -> Reference:
    noun = name.replace("_", " ") + " of the account"
    found = "find_transactions" if name == "transaction" else "find_external_ids"
    return Reference(name, noun, comment, found, ("account_id",), gives, name)


# By the column that holds the key.
REFERENCES: Mapping[str, Reference] = {
    "account_id": Reference(
        "account", "account", "Account, by its public id (account_hash).", "find_accounts"
    ),
    "account_number_encrypted": Reference(
        "account_number",
        "account number",
        "Broker's number of the account; kept encrypted, and shown by no reject.",
        "",
        gives=("account_number_encrypted", "account_number_digest"),
        is_secret=True,
    ),
    "instrument_id": _instrument("symbol", "Instrument, by its symbol."),
    "underlying_id": _instrument("underlying", "Underlying instrument, by its symbol."),
    "benchmark_instrument_id": _instrument("benchmark", "Instrument to be judged against."),
    "strategy_id": Reference("strategy", "strategy", "Strategy, by its name.", "find_strategies"),
    "option_contract_id": Reference(
        "osi_symbol",
        "option contract",
        "Option contract, by its OSI symbol.",
        "find_contracts",
        gives=("option_contract_id", "expiration_date"),
    ),
    "market_event_id": Reference(
        "ticker", "event of the source", "Event, by its ticker at the source.", "find_events"
    ),
    "order_id": _order("order", "Order, by the source's number for it."),
    "parent_order_id": _order("parent_order", "Order that it hangs on, by its number."),
    "leg_no": _of_order("leg_no", "Leg of the order.", "find_legs"),
    "activity_id": _of_order(
        "activity", "Activity of the order, by its number.", "find_activities"
    ),
    "transaction_id": _external(
        "transaction",
        "Transaction, by its external id.",
        ("transaction_at", "transaction_id"),
    ),
    "trade_id": _external(
        "trade",
        "Trade that it settles and that carries its cash, by its external id.",
        ("trade_executed_at", "trade_id"),
    ),
    "cash_flow_id": _external(
        "cash_flow",
        "Cash flow that mirrors it and carries its cash, by its external id.",
        ("cash_flow_at", "cash_flow_id"),
    ),
    "principal_id": Reference(
        "principal", "principal", "Person or program, by the login.", "find_principals"
    ),
    "portfolio_id": Reference(
        "portfolio",
        "portfolio of the principal",
        "Portfolio, by its name.",
        "find_portfolios",
        ("principal_id",),
    ),
    "watchlist_id": Reference(
        "watchlist",
        "watchlist of the principal",
        "Watchlist, by its name.",
        "find_watchlists",
        ("principal_id",),
    ),
    "book_id": Reference("isbn", "book", "Book, by its ISBN-13.", "find_books"),
    "author_id": Reference(
        "author", "author", "Author, by the name.", "find_authors", ("birth_year",)
    ),
    "category_id": Reference(
        "category",
        "category",
        "Category, by the names from the root to it: Science > Physics.",
        "find_categories",
    ),
    "parent_id": Reference(
        "parent",
        "category",
        "Category that it is part of, by the names from the root to it; none at a root.",
        "find_categories",
        gives=("parent_id", "depth"),
    ),
}
