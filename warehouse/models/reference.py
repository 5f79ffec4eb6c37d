"""Schema reference: who trades, what is traded, and the calendars, marks and rates prices are judged by."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from warehouse.models.base import (
    Base,
    Timestamped,
    Versioned,
    check,
    choice,
    column,
    defaulted,
    identity,
    instrument,
    one_of,
    positive,
    source,
    table,
)


class PrincipalType(StrEnum):
    PERSON = "person"
    PROGRAM = "program"


class AccountType(StrEnum):
    CASH = "cash"
    MARGIN = "margin"
    RETIREMENT = "retirement"
    PAPER = "paper"


class AssetType(StrEnum):
    EQUITY = "equity"
    ETF = "etf"
    MUTUAL_FUND = "mutual_fund"
    INDEX = "index"
    OPTION = "option"
    FUTURE = "future"
    FOREX = "forex"
    CRYPTO = "crypto"
    BOND = "bond"
    CURRENCY = "currency"
    EVENT = "event"


CURRENCY_CODE = "~ '^[A-Z0-9]{3,10}$'"  # ISO 4217, and the longer codes crypto needs


class Principal(Versioned, Base):
    __tablename__ = "principals"
    __table_args__ = table(
        "reference",
        "People and programs that portfolios, watchlists, alerts and API keys belong to. One row per login.",
        UniqueConstraint("login"),
        one_of("principal_type", PrincipalType),
    )

    principal_id: Mapped[int] = identity("Key of the principal.")
    login: Mapped[str] = column("Name the principal signs in with.")
    principal_type: Mapped[PrincipalType] = choice("Whether a person or a program.", PrincipalType)
    display_name: Mapped[str] = column("Name to show.")
    is_active: Mapped[bool] = defaulted("Whether the principal may still sign in.", "true")


class Account(Versioned, Base):
    __tablename__ = "accounts"
    __table_args__ = table(
        "reference",
        "Brokerage accounts. One row per account.",
        UniqueConstraint("account_hash"),
        UniqueConstraint("account_number_digest"),
        one_of("account_type", AccountType),
        check("base_currency_code", f"base_currency {CURRENCY_CODE}"),
    )

    account_id: Mapped[int] = identity("Key of the account; never leaves the server.")
    account_hash: Mapped[str] = column("Public identifier of the account.")
    account_number_encrypted: Mapped[bytes] = column(
        "Broker's account number, encrypted with the key from the environment."
    )
    account_number_digest: Mapped[bytes] = column(
        "Keyed hash of the account number: finds and keeps it unique without decrypting."
    )
    display_name: Mapped[str] = column("Name to show.")
    nickname: Mapped[str | None] = column("Name the holder gave the account.")
    account_type: Mapped[AccountType] = choice(
        "Kind of account: cash, margin and the like.", AccountType
    )
    base_currency: Mapped[str] = column("Currency the account is kept in.")
    is_active: Mapped[bool] = defaulted("Whether the account is open.", "true")


class Source(Timestamped, Base):
    __tablename__ = "sources"
    __table_args__ = table(
        "reference", "Where data comes from. One row per feed.", UniqueConstraint("name")
    )

    source_id: Mapped[int] = identity("Key of the source.")
    name: Mapped[str] = column("Short name: schwab, yahoo, polygon, csv.")
    description: Mapped[str | None] = column("What the feed carries.")
    priority: Mapped[int] = column(
        "Lower wins: one source per instrument feeds the rollups.", Integer
    )
    is_active: Mapped[bool] = defaulted("Whether the feed is in use.", "true")


class Instrument(Versioned, Base):
    __tablename__ = "instruments"
    __table_args__ = table(
        "reference",
        "What can be traded or watched. One row per listing: a symbol used again is a new row.",
        one_of("asset_type", AssetType),
        check("currency_code", f"currency {CURRENCY_CODE}"),
        check("listing_order", "delisted_at > listed_at"),
        *positive("multiplier"),
        # Symbols are used again after a delisting, so only living listings must be unique.
        Index(
            "instruments_symbol_asset_type_exchange_key",
            "symbol",
            "asset_type",
            "exchange",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("delisted_at is null"),
        ),
        Index(None, "underlying_id", postgresql_where=text("underlying_id is not null")),
        # Search by the start of a symbol, page by page, and by any part of a name:
        # 0.4 to 50 ms at a million listings, 105 to 156 without.
        Index("instruments_symbol_search_idx", text('upper(symbol collate "C")'), "instrument_id"),
        Index(
            "instruments_company_name_search_idx",
            "company_name",
            postgresql_using="gin",
            postgresql_ops={"company_name": "gin_trgm_ops"},
        ),
    )

    instrument_id: Mapped[int] = identity("Key of the instrument.")
    symbol: Mapped[str] = column("Ticker; an option's is its 21-character OSI symbol.")
    asset_type: Mapped[AssetType] = choice("Kind of instrument.", AssetType)
    exchange: Mapped[str | None] = column("Market identifier code of the listing.")
    currency: Mapped[str] = column("Currency the price is quoted in.")
    company_name: Mapped[str | None] = column("Issuer.")
    description: Mapped[str | None] = column("Free text of the vendor.")
    sector: Mapped[str | None] = column("Sector of the issuer.")
    industry: Mapped[str | None] = column("Industry of the issuer.")
    country: Mapped[str | None] = column("Country of the issuer, ISO 3166 alpha-2.")
    cusip: Mapped[str | None] = column("CUSIP.")
    multiplier: Mapped[Decimal] = defaulted("Units one contract stands for.", "1")
    underlying_id: Mapped[int | None] = instrument("Instrument that a derivative derives from.")
    is_optionable: Mapped[bool] = defaulted("Whether options on it are listed.", "false")
    is_active: Mapped[bool] = defaulted("Whether it is traded now.", "true")
    listed_at: Mapped[datetime | None] = column("First moment of the listing.")
    delisted_at: Mapped[datetime | None] = column("End of the listing.")


class InstrumentIdentifier(Timestamped, Base):
    __tablename__ = "instrument_identifiers"
    __table_args__ = table(
        "reference",
        "Names that sources give an instrument. One row per source, external id and start of validity.",
        UniqueConstraint(
            "source_id",
            "identifier_type",
            "external_id",
            "valid_from",
            name="instrument_identifiers_external_id_key",
            postgresql_nulls_not_distinct=True,
        ),
        check("validity_order", "valid_to > valid_from"),
        Index(None, "instrument_id"),
    )

    instrument_identifier_id: Mapped[int] = identity("Key of the identifier.")
    instrument_id: Mapped[int] = instrument()
    source_id: Mapped[int] = source("Source that uses the identifier.")
    identifier_type: Mapped[str] = column("Scheme: broker_id, ticker, CUSIP, ISIN, FIGI.")
    external_id: Mapped[str] = column("The identifier as the source writes it.")
    valid_from: Mapped[date | None] = column("First day it names the instrument; null = ever.")
    valid_to: Mapped[date | None] = column("First day it no longer does; null while it does.")


class Strategy(Versioned, Base):
    __tablename__ = "strategies"
    __table_args__ = table(
        "reference", "Trading strategies. One row per strategy.", UniqueConstraint("name")
    )

    strategy_id: Mapped[int] = identity("Key of the strategy.")
    name: Mapped[str] = column("Unique name.")
    description: Mapped[str | None] = column("What it does.")
    parameters: Mapped[dict[str, Any]] = defaulted("Its settings.", "'{}'")
    is_active: Mapped[bool] = defaulted("Whether it may trade.", "true")


class TradingDay(Base):
    __tablename__ = "trading_days"
    __table_args__ = table(
        "reference",
        "Sessions of the exchanges. One row per exchange and day it is open.",
        check("session_order", "closes_at > opens_at"),
    )

    exchange: Mapped[str] = column("Market identifier code.", primary_key=True)
    day: Mapped[date] = column("Local date of the session.", primary_key=True)
    opens_at: Mapped[datetime] = column("First moment of the regular session.")
    closes_at: Mapped[datetime] = column("End of the regular session.")


class DailyMark(Timestamped, Base):
    __tablename__ = "daily_marks"
    __table_args__ = table(
        "reference",
        "Closing prices that positions are valued at. One row per instrument, day and source.",
        *positive("close", "adjusted_close"),
    )

    instrument_id: Mapped[int] = instrument(primary_key=True)
    day: Mapped[date] = column("Exchange day.", primary_key=True)
    source_id: Mapped[int] = source(primary_key=True)
    close: Mapped[Decimal] = column("Close as traded.")
    adjusted_close: Mapped[Decimal] = column("Close adjusted for splits and dividends.")


class FxRate(Timestamped, Base):
    __tablename__ = "fx_rates"
    __table_args__ = table(
        "reference",
        "Exchange rates at the day's end. One row per pair, day and source.",
        check("base_currency_code", f"base_currency {CURRENCY_CODE}"),
        check("quote_currency_code", f"quote_currency {CURRENCY_CODE}"),
        check("pair_differs", "base_currency <> quote_currency"),
        *positive("rate"),
    )

    base_currency: Mapped[str] = column("Currency one unit of which is priced.", primary_key=True)
    quote_currency: Mapped[str] = column("Currency of the rate.", primary_key=True)
    day: Mapped[date] = column("Day the rate is for.", primary_key=True)
    source_id: Mapped[int] = source(primary_key=True)
    rate: Mapped[Decimal] = column("Units of the quote currency for one of the base currency.")
