"""Schema risk: the limits that portfolios, accounts, strategies and instruments keep, and their breaches."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped

from warehouse.models.base import (
    Base,
    Partitioning,
    Recorded,
    Timestamped,
    Versioned,
    brin,
    check,
    choice,
    column,
    defaulted,
    finite,
    identity,
    instrument,
    non_negative,
    one_of,
    references,
    table,
)


class Scope(StrEnum):
    PORTFOLIO = "portfolio"
    ACCOUNT = "account"
    STRATEGY = "strategy"
    INSTRUMENT = "instrument"


class Measure(StrEnum):
    POSITION = "position"
    EXPOSURE = "exposure"
    LOSS = "loss"
    DRAWDOWN = "drawdown"
    CONCENTRATION = "concentration"
    VAR = "var"
    LEVERAGE = "leverage"


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


SCOPE_KEYS = tuple(f"{scope}_id" for scope in Scope)
KEY_OF_SCOPE = " ".join(f"when '{scope}' then {scope}_id" for scope in Scope)


class Limit(Versioned, Recorded, Base):
    __tablename__ = "limits"
    __table_args__ = table(
        "risk",
        "Limits on risk. One row per scope, what it names, measure and severity.",
        one_of("scope", Scope),
        one_of("measure", Measure),
        one_of("severity", Severity),
        check("one_scope", f"num_nonnulls({', '.join(SCOPE_KEYS)}) = 1"),
        check(
            "scope_named",
            f"case scope {KEY_OF_SCOPE} end is not null",
        ),
        *non_negative("threshold"),
        Index(
            "limits_active_key",
            *SCOPE_KEYS,
            "measure",
            "severity",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("is_active"),
        ),
    )

    limit_id: Mapped[int] = identity("Key of the limit.")
    scope: Mapped[Scope] = choice("What kind of thing keeps it.", Scope)
    portfolio_id: Mapped[int | None] = references(
        "portfolio.portfolios.portfolio_id", "Portfolio that keeps it, where that is the scope."
    )
    account_id: Mapped[int | None] = references(
        "reference.accounts.account_id", "Account that keeps it, where that is the scope."
    )
    strategy_id: Mapped[int | None] = references(
        "reference.strategies.strategy_id", "Strategy that keeps it, where that is the scope."
    )
    instrument_id: Mapped[int | None] = instrument(
        "Instrument that keeps it, where that is the scope."
    )
    measure: Mapped[Measure] = choice("What is measured.", Measure)
    threshold: Mapped[Decimal] = column(
        "Value that may not be passed: money in the scope's currency, units for a position, "
        "a fraction for drawdown and concentration, a multiple for leverage."
    )
    severity: Mapped[Severity] = choice("How grave a breach is.", Severity)
    is_active: Mapped[bool] = defaulted("Whether it is in force.", "true")


class Breach(Timestamped, Recorded, Base):
    __tablename__ = "breaches"
    __table_args__ = table(
        "risk",
        "Limits that were passed. One row per limit and moment it was found passed.",
        *finite("value", "threshold"),
        check("acknowledged_whole", "(acknowledged_at is null) = (acknowledged_by is null)"),
        brin("event_id"),
        partition=Partitioning("breach_at", "month"),
    )

    limit_id: Mapped[int] = references("risk.limits.limit_id", "Limit passed.", primary_key=True)
    breach_at: Mapped[datetime] = column("When it was found passed.", primary_key=True)
    breach_id: Mapped[int] = identity("Key of the breach.")
    value: Mapped[Decimal] = column("What was measured.")
    threshold: Mapped[Decimal] = column("The limit's threshold at that time.")
    acknowledged_at: Mapped[datetime | None] = column("When somebody took note; null until then.")
    acknowledged_by: Mapped[int | None] = references(
        "reference.principals.principal_id", "Who took note; null until then."
    )
