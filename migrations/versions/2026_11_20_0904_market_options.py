"""Option contracts, and the quotes of them, cut by week.

Quotes repeat their contract's expiration, so that one index serves a scan.
"""

from migrations.helpers import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    NUMERIC,
    TEXT,
    TIMESTAMPTZ,
    check,
    column,
    create_brin,
    create_index,
    create_table,
    drop_tables,
    foreign_key,
    identity,
    one_of,
    primary_key,
    unique,
)

revision = "market_options"
down_revision = "market_fundamentals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "market.option_chains",
        "Snapshots of a chain's underlying. One row per underlying, expiration, snapshot and source.",
        column("underlying_id", BIGINT, "Instrument the options are on."),
        column("expiration_date", DATE, "Expiration the chain is of."),
        column("snapshot_at", TIMESTAMPTZ, "When the chain was taken."),
        column("source_id", BIGINT, "Where the row came from."),
        column("status", TEXT, "How the source answered.", default="'success'"),
        column("strategy", TEXT, "Combination the chain was asked for.", default="'single'"),
        column("underlying_price", NUMERIC, "Price the chain was computed with.", null=True),
        column("underlying_bid", NUMERIC, "Bid for the underlying.", null=True),
        column("underlying_ask", NUMERIC, "Ask for the underlying.", null=True),
        column("underlying_last", NUMERIC, "Last trade of the underlying.", null=True),
        column("underlying_volume", NUMERIC, "Units of the underlying traded that day.", null=True),
        column("underlying_change", NUMERIC, "Change since the previous close.", null=True),
        column("underlying_percent_change", DOUBLE, "The same as a fraction of it.", null=True),
        column("interest_rate", DOUBLE, "Yearly rate the Greeks were computed with.", null=True),
        column("implied_volatility", DOUBLE, "Yearly volatility of the whole chain.", null=True),
        column("is_delayed", BOOLEAN, "Whether the quotes were delayed.", default="false"),
        column("is_index", BOOLEAN, "Whether the underlying is an index.", default="false"),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("underlying_id", "expiration_date", "snapshot_at", "source_id"),
        one_of("status", "success", "failed"),
        one_of(
            "strategy",
            "single",
            "analytical",
            "covered",
            "vertical",
            "calendar",
            "strangle",
            "straddle",
            "butterfly",
            "condor",
            "diagonal",
            "collar",
            "roll",
        ),
        check(
            "underlying_price_non_negative",
            "underlying_price >= 0 and underlying_price < 'Infinity'",
        ),
        check("underlying_bid_non_negative", "underlying_bid >= 0 and underlying_bid < 'Infinity'"),
        check("underlying_ask_non_negative", "underlying_ask >= 0 and underlying_ask < 'Infinity'"),
        check(
            "underlying_last_non_negative", "underlying_last >= 0 and underlying_last < 'Infinity'"
        ),
        check(
            "underlying_volume_non_negative",
            "underlying_volume >= 0 and underlying_volume < 'Infinity'",
        ),
        check(
            "implied_volatility_non_negative",
            "implied_volatility >= 0 and implied_volatility < 'Infinity'",
        ),
        check(
            "underlying_change_finite",
            "underlying_change > '-Infinity' and underlying_change < 'Infinity'",
        ),
        check(
            "underlying_percent_change_finite",
            "underlying_percent_change > '-Infinity' and underlying_percent_change < 'Infinity'",
        ),
        check("interest_rate_finite", "interest_rate > '-Infinity' and interest_rate < 'Infinity'"),
        partition_by="snapshot_at",
    )
    create_table(
        "market.option_contracts",
        "Listed option contracts. One row per OSI symbol.",
        identity("option_contract_id", "Key of the contract."),
        column("underlying_id", BIGINT, "Instrument the option is on."),
        column(
            "instrument_id",
            BIGINT,
            "The contract as an instrument of its own; null until something of it is traded or watched.",
            null=True,
        ),
        column("osi_symbol", TEXT, "OSI symbol: root padded to 6, day, C or P, strike × 1000."),
        column("put_call", TEXT, "Right to sell or to buy."),
        column("strike", NUMERIC, "Price the right is exercised at."),
        column("expiration_date", DATE, "Last day of the contract."),
        column(
            "expiration_type",
            TEXT,
            "Kind of expiration; null where the source does not say.",
            null=True,
        ),
        column("multiplier", NUMERIC, "Units one contract stands for.", default="100"),
        column(
            "settlement_type",
            TEXT,
            "Settled at the open (A) or the close (P); null where the source does not say.",
            null=True,
        ),
        column("option_root", TEXT, "Root of the OSI symbol."),
        column(
            "deliverable_note", TEXT, "What an adjusted contract delivers, in words.", null=True
        ),
        column(
            "is_mini", BOOLEAN, "Whether it stands for a tenth of the usual units.", default="false"
        ),
        column("is_non_standard", BOOLEAN, "Whether its terms were adjusted.", default="false"),
        column("is_index_option", BOOLEAN, "Whether the underlying is an index.", default="false"),
        column("is_penny_pilot", BOOLEAN, "Whether it is quoted in single cents.", default="false"),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("option_contract_id"),
        unique("instrument_id"),
        unique("option_contract_id", "expiration_date"),
        unique("osi_symbol"),
        check("osi_symbol_form", "osi_symbol ~ '^[^ ].{5}[0-9]{6}[CP][0-9]{8}$'"),
        one_of("put_call", "put", "call"),
        one_of("expiration_type", "W", "S", "Q", "M", "R"),
        one_of("settlement_type", "A", "P"),
        check("strike_positive", "strike > 0 and strike < 'Infinity'"),
        check("multiplier_positive", "multiplier > 0 and multiplier < 'Infinity'"),
    )
    create_table(
        "market.option_expirations",
        "Days an underlying's options expire. One row per underlying, day and type of expiration.",
        column("underlying_id", BIGINT, "Instrument the options are on."),
        column("expiration_date", DATE, "Last day of the options."),
        column("expiration_type", TEXT, "Weekly, standard, quarterly, month-end or regular."),
        column("is_standard", BOOLEAN, "Whether the contracts are unadjusted.", default="true"),
        column("is_leap", BOOLEAN, "Whether it is a long-term expiration.", default="false"),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("underlying_id", "expiration_date", "expiration_type"),
        one_of("expiration_type", "W", "S", "Q", "M", "R"),
    )
    create_table(
        "market.option_deliverables",
        "What is delivered when a contract is exercised. One row per contract and thing delivered.",
        column("option_contract_id", BIGINT, "Contract that delivers."),
        column("asset_type", TEXT, "Kind of thing delivered."),
        column("symbol", TEXT, "Its symbol; the currency's code for cash."),
        column("deliverable_units", NUMERIC, "Units of it for each contract."),
        column(
            "currency_type", TEXT, "Currency of delivered cash; null for securities.", null=True
        ),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("option_contract_id", "asset_type", "symbol"),
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
        check("currency_code", "currency_type ~ '^[A-Z0-9]{3,10}$'"),
        check(
            "deliverable_units_positive", "deliverable_units > 0 and deliverable_units < 'Infinity'"
        ),
    )
    create_table(
        "market.option_quotes",
        "Quotes and Greeks of option contracts. One row per contract, snapshot and source.",
        column("option_contract_id", BIGINT, "Contract the quote is of."),
        column("snapshot_at", TIMESTAMPTZ, "When the quote was taken."),
        column("source_id", BIGINT, "Where the row came from."),
        column("expiration_date", DATE, "The contract's expiration, repeated for scans."),
        column("bid", NUMERIC, "Best bid; 0 where nobody bids.", null=True),
        column("ask", NUMERIC, "Best ask; 0 where nobody offers.", null=True),
        column("last", NUMERIC, "Last trade.", null=True),
        column("mark", NUMERIC, "Price the source values it at.", null=True),
        column("bid_size", NUMERIC, "Contracts bid for.", null=True),
        column("ask_size", NUMERIC, "Contracts offered.", null=True),
        column("last_size", NUMERIC, "Contracts in the last trade.", null=True),
        column("open", NUMERIC, "First price of the session.", null=True),
        column("high", NUMERIC, "Highest price of the session.", null=True),
        column("low", NUMERIC, "Lowest price of the session.", null=True),
        column("close", NUMERIC, "Close of the session before.", null=True),
        column("total_volume", NUMERIC, "Contracts traded in the session.", null=True),
        column("open_interest", NUMERIC, "Contracts open.", null=True),
        column("volatility", DOUBLE, "Implied volatility of a year; can pass 20.", null=True),
        column("delta", DOUBLE, "Change of price with the underlying's.", null=True),
        column("gamma", DOUBLE, "Change of delta with the underlying's price.", null=True),
        column("theta", DOUBLE, "Change of price with a day.", null=True),
        column("vega", DOUBLE, "Change of price with a point of volatility.", null=True),
        column("rho", DOUBLE, "Change of price with a point of interest.", null=True),
        column("time_value", NUMERIC, "Price beyond the intrinsic value.", null=True),
        column(
            "intrinsic_value", NUMERIC, "Worth if exercised now, as the source says.", null=True
        ),
        column("theoretical_value", NUMERIC, "Price of the source's model.", null=True),
        column("theoretical_volatility", DOUBLE, "Volatility the model was given.", null=True),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("option_contract_id", "snapshot_at", "source_id"),
        check("bid_non_negative", "bid >= 0 and bid < 'Infinity'"),
        check("ask_non_negative", "ask >= 0 and ask < 'Infinity'"),
        check("last_non_negative", "last >= 0 and last < 'Infinity'"),
        check("mark_non_negative", "mark >= 0 and mark < 'Infinity'"),
        check("bid_size_non_negative", "bid_size >= 0 and bid_size < 'Infinity'"),
        check("ask_size_non_negative", "ask_size >= 0 and ask_size < 'Infinity'"),
        check("last_size_non_negative", "last_size >= 0 and last_size < 'Infinity'"),
        check("open_non_negative", "open >= 0 and open < 'Infinity'"),
        check("high_non_negative", "high >= 0 and high < 'Infinity'"),
        check("low_non_negative", "low >= 0 and low < 'Infinity'"),
        check("close_non_negative", "close >= 0 and close < 'Infinity'"),
        check("total_volume_non_negative", "total_volume >= 0 and total_volume < 'Infinity'"),
        check("open_interest_non_negative", "open_interest >= 0 and open_interest < 'Infinity'"),
        check("volatility_non_negative", "volatility >= 0 and volatility < 'Infinity'"),
        check(
            "theoretical_value_non_negative",
            "theoretical_value >= 0 and theoretical_value < 'Infinity'",
        ),
        check(
            "theoretical_volatility_non_negative",
            "theoretical_volatility >= 0 and theoretical_volatility < 'Infinity'",
        ),
        check("delta_finite", "delta > '-Infinity' and delta < 'Infinity'"),
        check("gamma_finite", "gamma > '-Infinity' and gamma < 'Infinity'"),
        check("theta_finite", "theta > '-Infinity' and theta < 'Infinity'"),
        check("vega_finite", "vega > '-Infinity' and vega < 'Infinity'"),
        check("rho_finite", "rho > '-Infinity' and rho < 'Infinity'"),
        check("time_value_finite", "time_value > '-Infinity' and time_value < 'Infinity'"),
        check(
            "intrinsic_value_finite",
            "intrinsic_value > '-Infinity' and intrinsic_value < 'Infinity'",
        ),
        check("price_order", "high >= low and high >= open"),
        partition_by="snapshot_at",
    )
    foreign_key("market.option_chains", ["source_id"], "reference.sources")
    foreign_key(
        "market.option_chains", ["underlying_id"], "reference.instruments", ["instrument_id"]
    )
    foreign_key("market.option_contracts", ["instrument_id"], "reference.instruments")
    foreign_key(
        "market.option_contracts", ["underlying_id"], "reference.instruments", ["instrument_id"]
    )
    foreign_key(
        "market.option_expirations", ["underlying_id"], "reference.instruments", ["instrument_id"]
    )
    foreign_key("market.option_deliverables", ["option_contract_id"], "market.option_contracts")
    foreign_key(
        "market.option_quotes", ["option_contract_id", "expiration_date"], "market.option_contracts"
    )
    foreign_key("market.option_quotes", ["source_id"], "reference.sources")
    create_brin("market.option_chains", "event_id")
    create_brin("market.option_chains", "snapshot_at")
    create_index(
        "market.option_contracts",
        "underlying_id",
        "expiration_date",
        "strike",
        "put_call",
        name="option_contracts_chain_idx",
    )
    create_brin("market.option_quotes", "event_id")
    create_index(
        "market.option_quotes",
        "expiration_date",
        "delta",
        "open_interest",
        "volatility",
        name="option_quotes_scan_idx",
    )
    create_brin("market.option_quotes", "snapshot_at")


def downgrade() -> None:
    drop_tables(
        "market.option_quotes",
        "market.option_deliverables",
        "market.option_expirations",
        "market.option_contracts",
        "market.option_chains",
    )
