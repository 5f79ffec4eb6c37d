"""What options exist: expirations, contracts and what a contract delivers."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from warehouse.models.base import (
    Base,
    Recorded,
    Timestamped,
    check,
    choice,
    column,
    defaulted,
    identity,
    instrument,
    one_of,
    positive,
    references,
    table,
)
from warehouse.models.reference import CURRENCY_CODE, AssetType


class PutCall(StrEnum):
    PUT = "put"
    CALL = "call"


class ExpirationType(StrEnum):
    WEEKLY = "W"
    STANDARD = "S"
    QUARTERLY = "Q"
    MONTH_END = "M"
    REGULAR = "R"


class SettlementType(StrEnum):
    MORNING = "A"
    AFTERNOON = "P"


class OptionExpiration(Timestamped, Recorded, Base):
    __tablename__ = "option_expirations"
    # An index can have a morning-settled and a weekly expiration on one day: the type is in the key.
    __table_args__ = table(
        "market",
        "Days an underlying's options expire. One row per underlying, day and type of expiration.",
        one_of("expiration_type", ExpirationType),
    )

    underlying_id: Mapped[int] = instrument("Instrument the options are on.", primary_key=True)
    expiration_date: Mapped[date] = column("Last day of the options.", primary_key=True)
    expiration_type: Mapped[ExpirationType] = choice(
        "Weekly, standard, quarterly, month-end or regular.", ExpirationType, primary_key=True
    )
    is_standard: Mapped[bool] = defaulted("Whether the contracts are unadjusted.", "true")
    is_leap: Mapped[bool] = defaulted("Whether it is a long-term expiration.", "false")


class OptionContract(Timestamped, Recorded, Base):
    __tablename__ = "option_contracts"
    __table_args__ = table(
        "market",
        "Listed option contracts. One row per OSI symbol.",
        UniqueConstraint("osi_symbol"),
        UniqueConstraint("instrument_id"),
        # What quotes refer to: a quote's expiration cannot differ from its contract's.
        UniqueConstraint("option_contract_id", "expiration_date"),
        check("osi_symbol_form", "osi_symbol ~ '^[^ ].{5}[0-9]{6}[CP][0-9]{8}$'"),
        one_of("put_call", PutCall),
        one_of("expiration_type", ExpirationType),
        one_of("settlement_type", SettlementType),
        *positive("strike", "multiplier"),
        Index(
            "option_contracts_chain_idx", "underlying_id", "expiration_date", "strike", "put_call"
        ),
    )

    option_contract_id: Mapped[int] = identity("Key of the contract.")
    underlying_id: Mapped[int] = instrument("Instrument the option is on.")
    instrument_id: Mapped[int | None] = instrument(
        "The contract as an instrument of its own; null until something of it is traded or watched."
    )
    osi_symbol: Mapped[str] = column("OSI symbol: root padded to 6, day, C or P, strike × 1000.")
    put_call: Mapped[PutCall] = choice("Right to sell or to buy.", PutCall)
    strike: Mapped[Decimal] = column("Price the right is exercised at.")
    expiration_date: Mapped[date] = column("Last day of the contract.")
    expiration_type: Mapped[ExpirationType | None] = choice(
        "Kind of expiration; null where the source does not say.", ExpirationType
    )
    multiplier: Mapped[Decimal] = defaulted("Units one contract stands for.", "100")
    settlement_type: Mapped[SettlementType | None] = choice(
        "Settled at the open (A) or the close (P); null where the source does not say.",
        SettlementType,
    )
    option_root: Mapped[str] = column("Root of the OSI symbol.")
    deliverable_note: Mapped[str | None] = column("What an adjusted contract delivers, in words.")
    is_mini: Mapped[bool] = defaulted("Whether it stands for a tenth of the usual units.", "false")
    is_non_standard: Mapped[bool] = defaulted("Whether its terms were adjusted.", "false")
    is_index_option: Mapped[bool] = defaulted("Whether the underlying is an index.", "false")
    is_penny_pilot: Mapped[bool] = defaulted("Whether it is quoted in single cents.", "false")


class OptionDeliverable(Timestamped, Recorded, Base):
    __tablename__ = "option_deliverables"
    __table_args__ = table(
        "market",
        "What is delivered when a contract is exercised. One row per contract and thing delivered.",
        one_of("asset_type", AssetType),
        check("currency_code", f"currency_type {CURRENCY_CODE}"),
        *positive("deliverable_units"),
    )

    option_contract_id: Mapped[int] = references(
        "market.option_contracts.option_contract_id", "Contract that delivers.", primary_key=True
    )
    asset_type: Mapped[AssetType] = choice("Kind of thing delivered.", AssetType, primary_key=True)
    symbol: Mapped[str] = column("Its symbol; the currency's code for cash.", primary_key=True)
    deliverable_units: Mapped[Decimal] = column("Units of it for each contract.")
    currency_type: Mapped[str | None] = column("Currency of delivered cash; null for securities.")
