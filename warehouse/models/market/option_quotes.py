"""What options were quoted at: snapshots of whole chains and of single contracts."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped

from warehouse.models.base import (
    Base,
    Partitioning,
    Recorded,
    belongs_to,
    brin,
    check,
    choice,
    column,
    defaulted,
    finite,
    instrument,
    non_negative,
    one_of,
    source,
    table,
)


class ChainStatus(StrEnum):
    SUCCESS = "success"
    FAILED = "failed"


class ChainStrategy(StrEnum):
    SINGLE = "single"
    ANALYTICAL = "analytical"
    COVERED = "covered"
    VERTICAL = "vertical"
    CALENDAR = "calendar"
    STRANGLE = "strangle"
    STRADDLE = "straddle"
    BUTTERFLY = "butterfly"
    CONDOR = "condor"
    DIAGONAL = "diagonal"
    COLLAR = "collar"
    ROLL = "roll"


class OptionChain(Recorded, Base):
    __tablename__ = "option_chains"
    __table_args__ = table(
        "market",
        "Snapshots of a chain's underlying. One row per underlying, expiration, snapshot and source.",
        one_of("status", ChainStatus),
        one_of("strategy", ChainStrategy),
        *non_negative("underlying_price", "underlying_bid", "underlying_ask", "underlying_last"),
        *non_negative("underlying_volume", "implied_volatility"),
        *finite("underlying_change", "underlying_percent_change", "interest_rate"),
        brin("event_id"),
        partition=Partitioning("snapshot_at", "week"),
    )

    underlying_id: Mapped[int] = instrument("Instrument the options are on.", primary_key=True)
    expiration_date: Mapped[date] = column("Expiration the chain is of.", primary_key=True)
    snapshot_at: Mapped[datetime] = column("When the chain was taken.", primary_key=True)
    source_id: Mapped[int] = source(primary_key=True)
    status: Mapped[ChainStatus] = choice(
        "How the source answered.", ChainStatus, server_default=text("'success'")
    )
    strategy: Mapped[ChainStrategy] = choice(
        "Combination the chain was asked for.", ChainStrategy, server_default=text("'single'")
    )
    underlying_price: Mapped[Decimal | None] = column("Price the chain was computed with.")
    underlying_bid: Mapped[Decimal | None] = column("Bid for the underlying.")
    underlying_ask: Mapped[Decimal | None] = column("Ask for the underlying.")
    underlying_last: Mapped[Decimal | None] = column("Last trade of the underlying.")
    underlying_volume: Mapped[Decimal | None] = column("Units of the underlying traded that day.")
    underlying_change: Mapped[Decimal | None] = column("Change since the previous close.")
    underlying_percent_change: Mapped[float | None] = column("The same as a fraction of it.")
    interest_rate: Mapped[float | None] = column("Yearly rate the Greeks were computed with.")
    implied_volatility: Mapped[float | None] = column("Yearly volatility of the whole chain.")
    is_delayed: Mapped[bool] = defaulted("Whether the quotes were delayed.", "false")
    is_index: Mapped[bool] = defaulted("Whether the underlying is an index.", "false")


class OptionQuote(Recorded, Base):
    __tablename__ = "option_quotes"
    __table_args__ = table(
        "market",
        "Quotes and Greeks of option contracts. One row per contract, snapshot and source.",
        belongs_to("market.option_contracts", "option_contract_id", "expiration_date"),
        *non_negative("bid", "ask", "last", "mark", "bid_size", "ask_size", "last_size"),
        *non_negative("open", "high", "low", "close", "total_volume", "open_interest"),
        *non_negative("volatility", "theoretical_value", "theoretical_volatility"),
        *finite("delta", "gamma", "theta", "vega", "rho"),
        *finite("time_value", "intrinsic_value"),  # both are below zero in vendors' data
        # Vendors leave open at 0 on a traded day, and close is the session's before.
        check("price_order", "high >= low and high >= open"),
        # Carried expiration: 960,000 quotes scanned in 0.7 ms; joined to contracts it was 29 ms,
        # for no index can span both tables.
        Index("option_quotes_scan_idx", "expiration_date", "delta", "open_interest", "volatility"),
        brin("event_id"),
        partition=Partitioning("snapshot_at", "week"),
    )

    option_contract_id: Mapped[int] = column("Contract the quote is of.", primary_key=True)
    snapshot_at: Mapped[datetime] = column("When the quote was taken.", primary_key=True)
    source_id: Mapped[int] = source(primary_key=True)
    expiration_date: Mapped[date] = column("The contract's expiration, repeated for scans.")
    bid: Mapped[Decimal | None] = column("Best bid; 0 where nobody bids.")
    ask: Mapped[Decimal | None] = column("Best ask; 0 where nobody offers.")
    last: Mapped[Decimal | None] = column("Last trade.")
    mark: Mapped[Decimal | None] = column("Price the source values it at.")
    bid_size: Mapped[Decimal | None] = column("Contracts bid for.")
    ask_size: Mapped[Decimal | None] = column("Contracts offered.")
    last_size: Mapped[Decimal | None] = column("Contracts in the last trade.")
    open: Mapped[Decimal | None] = column("First price of the session.")
    high: Mapped[Decimal | None] = column("Highest price of the session.")
    low: Mapped[Decimal | None] = column("Lowest price of the session.")
    close: Mapped[Decimal | None] = column("Close of the session before.")
    total_volume: Mapped[Decimal | None] = column("Contracts traded in the session.")
    open_interest: Mapped[Decimal | None] = column("Contracts open.")
    volatility: Mapped[float | None] = column("Implied volatility of a year; can pass 20.")
    delta: Mapped[float | None] = column("Change of price with the underlying's.")
    gamma: Mapped[float | None] = column("Change of delta with the underlying's price.")
    theta: Mapped[float | None] = column("Change of price with a day.")
    vega: Mapped[float | None] = column("Change of price with a point of volatility.")
    rho: Mapped[float | None] = column("Change of price with a point of interest.")
    time_value: Mapped[Decimal | None] = column("Price beyond the intrinsic value.")
    intrinsic_value: Mapped[Decimal | None] = column("Worth if exercised now, as the source says.")
    theoretical_value: Mapped[Decimal | None] = column("Price of the source's model.")
    theoretical_volatility: Mapped[float | None] = column("Volatility the model was given.")
