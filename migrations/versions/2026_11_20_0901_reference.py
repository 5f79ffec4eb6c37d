"""Reference data: principals, accounts, instruments, sources, calendars, marks and rates.

Everything else refers to these; they never refer to a fact.
"""

from migrations.helpers import (
    BIGINT,
    BOOLEAN,
    BYTEA,
    DATE,
    INTEGER,
    JSONB,
    NUMERIC,
    TEXT,
    TIMESTAMPTZ,
    check,
    column,
    create_index,
    create_table,
    drop_tables,
    foreign_key,
    identity,
    one_of,
    primary_key,
    unique,
)

revision = "reference"
down_revision = "schemas"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "reference.accounts",
        "Brokerage accounts. One row per account.",
        identity("account_id", "Key of the account; never leaves the server."),
        column("account_hash", TEXT, "Public identifier of the account."),
        column(
            "account_number_encrypted",
            BYTEA,
            "Broker's account number, encrypted with the key from the environment.",
        ),
        column(
            "account_number_digest",
            BYTEA,
            "Keyed hash of the account number: finds and keeps it unique without decrypting.",
        ),
        column("display_name", TEXT, "Name to show."),
        column("nickname", TEXT, "Name the holder gave the account.", null=True),
        column("account_type", TEXT, "Kind of account: cash, margin and the like."),
        column("base_currency", TEXT, "Currency the account is kept in."),
        column("is_active", BOOLEAN, "Whether the account is open.", default="true"),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("version", BIGINT, "Counts the row's writes.", default="1"),
        primary_key("account_id"),
        unique("account_hash"),
        unique("account_number_digest"),
        one_of("account_type", "cash", "margin", "retirement", "paper"),
        check("base_currency_code", "base_currency ~ '^[A-Z0-9]{3,10}$'"),
    )
    create_table(
        "reference.instruments",
        "What can be traded or watched. One row per listing: a symbol used again is a new row.",
        identity("instrument_id", "Key of the instrument."),
        column("symbol", TEXT, "Ticker; an option's is its 21-character OSI symbol."),
        column("asset_type", TEXT, "Kind of instrument."),
        column("exchange", TEXT, "Market identifier code of the listing.", null=True),
        column("currency", TEXT, "Currency the price is quoted in."),
        column("company_name", TEXT, "Issuer.", null=True),
        column("description", TEXT, "Free text of the vendor.", null=True),
        column("sector", TEXT, "Sector of the issuer.", null=True),
        column("industry", TEXT, "Industry of the issuer.", null=True),
        column("country", TEXT, "Country of the issuer, ISO 3166 alpha-2.", null=True),
        column("cusip", TEXT, "CUSIP.", null=True),
        column("multiplier", NUMERIC, "Units one contract stands for.", default="1"),
        column("underlying_id", BIGINT, "Instrument that a derivative derives from.", null=True),
        column("is_optionable", BOOLEAN, "Whether options on it are listed.", default="false"),
        column("is_active", BOOLEAN, "Whether it is traded now.", default="true"),
        column("listed_at", TIMESTAMPTZ, "First moment of the listing.", null=True),
        column("delisted_at", TIMESTAMPTZ, "End of the listing.", null=True),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("version", BIGINT, "Counts the row's writes.", default="1"),
        primary_key("instrument_id"),
        one_of(
            "asset_type",
            "equity",
            "etf",
            "mutual_fund",
            "index",
            "option",
            "future",
            "forex",
            "crypto",
            "bond",
            "currency",
            "event",
        ),
        check("currency_code", "currency ~ '^[A-Z0-9]{3,10}$'"),
        check("listing_order", "delisted_at > listed_at"),
        check("multiplier_positive", "multiplier > 0 and multiplier < 'Infinity'"),
    )
    create_table(
        "reference.principals",
        "People and programs that portfolios, watchlists, alerts and API keys belong to. One row per login.",
        identity("principal_id", "Key of the principal."),
        column("login", TEXT, "Name the principal signs in with."),
        column("principal_type", TEXT, "Whether a person or a program."),
        column("display_name", TEXT, "Name to show."),
        column("is_active", BOOLEAN, "Whether the principal may still sign in.", default="true"),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("version", BIGINT, "Counts the row's writes.", default="1"),
        primary_key("principal_id"),
        unique("login"),
        one_of("principal_type", "person", "program"),
    )
    create_table(
        "reference.sources",
        "Where data comes from. One row per feed.",
        identity("source_id", "Key of the source."),
        column("name", TEXT, "Short name: schwab, yahoo, polygon, csv."),
        column("description", TEXT, "What the feed carries.", null=True),
        column("priority", INTEGER, "Lower wins: one source per instrument feeds the rollups."),
        column("is_active", BOOLEAN, "Whether the feed is in use.", default="true"),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        primary_key("source_id"),
        unique("name"),
    )
    create_table(
        "reference.strategies",
        "Trading strategies. One row per strategy.",
        identity("strategy_id", "Key of the strategy."),
        column("name", TEXT, "Unique name."),
        column("description", TEXT, "What it does.", null=True),
        column("parameters", JSONB, "Its settings.", default="'{}'"),
        column("is_active", BOOLEAN, "Whether it may trade.", default="true"),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("version", BIGINT, "Counts the row's writes.", default="1"),
        primary_key("strategy_id"),
        unique("name"),
    )
    create_table(
        "reference.trading_days",
        "Sessions of the exchanges. One row per exchange and day it is open.",
        column("exchange", TEXT, "Market identifier code."),
        column("day", DATE, "Local date of the session."),
        column("opens_at", TIMESTAMPTZ, "First moment of the regular session."),
        column("closes_at", TIMESTAMPTZ, "End of the regular session."),
        primary_key("exchange", "day"),
        check("session_order", "closes_at > opens_at"),
    )
    create_table(
        "reference.daily_marks",
        "Closing prices that positions are valued at. One row per instrument, day and source.",
        column("instrument_id", BIGINT, "Instrument the row is about."),
        column("day", DATE, "Exchange day."),
        column("source_id", BIGINT, "Where the row came from."),
        column("close", NUMERIC, "Close as traded."),
        column("adjusted_close", NUMERIC, "Close adjusted for splits and dividends."),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        primary_key("instrument_id", "day", "source_id"),
        check("close_positive", "close > 0 and close < 'Infinity'"),
        check("adjusted_close_positive", "adjusted_close > 0 and adjusted_close < 'Infinity'"),
    )
    create_table(
        "reference.fx_rates",
        "Exchange rates at the day's end. One row per pair, day and source.",
        column("base_currency", TEXT, "Currency one unit of which is priced."),
        column("quote_currency", TEXT, "Currency of the rate."),
        column("day", DATE, "Day the rate is for."),
        column("source_id", BIGINT, "Where the row came from."),
        column("rate", NUMERIC, "Units of the quote currency for one of the base currency."),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        primary_key("base_currency", "quote_currency", "day", "source_id"),
        check("base_currency_code", "base_currency ~ '^[A-Z0-9]{3,10}$'"),
        check("quote_currency_code", "quote_currency ~ '^[A-Z0-9]{3,10}$'"),
        check("pair_differs", "base_currency <> quote_currency"),
        check("rate_positive", "rate > 0 and rate < 'Infinity'"),
    )
    create_table(
        "reference.instrument_identifiers",
        "Names that sources give an instrument. One row per source, external id and start of validity.",
        identity("instrument_identifier_id", "Key of the identifier."),
        column("instrument_id", BIGINT, "Instrument the row is about."),
        column("source_id", BIGINT, "Source that uses the identifier."),
        column("identifier_type", TEXT, "Scheme: broker_id, ticker, CUSIP, ISIN, FIGI."),
        column("external_id", TEXT, "The identifier as the source writes it."),
        column("valid_from", DATE, "First day it names the instrument; null = ever.", null=True),
        column("valid_to", DATE, "First day it no longer does; null while it does.", null=True),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        primary_key("instrument_identifier_id"),
        unique(
            "source_id",
            "identifier_type",
            "external_id",
            "valid_from",
            name="external_id",
            nulls_not_distinct=True,
        ),
        check("validity_order", "valid_to > valid_from"),
    )
    foreign_key(
        "reference.instruments", ["underlying_id"], "reference.instruments", ["instrument_id"]
    )
    foreign_key("reference.daily_marks", ["instrument_id"], "reference.instruments")
    foreign_key("reference.daily_marks", ["source_id"], "reference.sources")
    foreign_key("reference.fx_rates", ["source_id"], "reference.sources")
    foreign_key("reference.instrument_identifiers", ["instrument_id"], "reference.instruments")
    foreign_key("reference.instrument_identifiers", ["source_id"], "reference.sources")
    create_index(
        "reference.instruments",
        "company_name gin_trgm_ops",
        name="instruments_company_name_search_idx",
        using="gin",
    )
    create_index(
        "reference.instruments",
        "symbol",
        "asset_type",
        "exchange",
        name="instruments_symbol_asset_type_exchange_key",
        unique=True,
        where="delisted_at is null",
        nulls_not_distinct=True,
    )
    create_index(
        "reference.instruments",
        'upper(symbol collate "C")',
        "instrument_id",
        name="instruments_symbol_search_idx",
    )
    create_index("reference.instruments", "underlying_id", where="underlying_id is not null")
    create_index("reference.instrument_identifiers", "instrument_id")


def downgrade() -> None:
    drop_tables(
        "reference.instrument_identifiers",
        "reference.fx_rates",
        "reference.daily_marks",
        "reference.trading_days",
        "reference.strategies",
        "reference.sources",
        "reference.principals",
        "reference.instruments",
        "reference.accounts",
    )
