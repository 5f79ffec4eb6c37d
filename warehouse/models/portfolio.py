"""Schema portfolio: how accounts are grouped and judged, the money that came and went, and what people watch."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from warehouse.models.base import (
    Base,
    Partitioning,
    Recorded,
    Timestamped,
    Versioned,
    account,
    brin,
    check,
    choice,
    column,
    defaulted,
    finite,
    identity,
    instrument,
    one_of,
    references,
    source,
    table,
)
from warehouse.models.reference import CURRENCY_CODE


class CashFlowKind(StrEnum):
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    TRANSFER_IN = "transfer_in"
    TRANSFER_OUT = "transfer_out"


class AlertType(StrEnum):
    PRICE = "price"
    VOLUME = "volume"
    TECHNICAL = "technical"
    FUNDAMENTAL = "fundamental"
    OPTION = "option"
    EVENT = "event"
    ORDER = "order"
    TRADE = "trade"
    POSITION = "position"
    RISK = "risk"
    DATA_QUALITY = "data_quality"
    SYSTEM = "system"


class Channel(StrEnum):
    IN_APP = "in_app"
    EMAIL = "email"
    SMS = "sms"
    PUSH = "push"
    WEBHOOK = "webhook"


class NotificationStatus(StrEnum):
    SENT = "sent"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


PRIORITIES = "between 1 and 5"
PRINCIPAL = "reference.principals.principal_id"
RULE = "portfolio.notification_rules.notification_rule_id"


class Portfolio(Versioned, Base):
    __tablename__ = "portfolios"
    __table_args__ = table(
        "portfolio",
        "Groups of accounts that are valued and judged together. One row per portfolio.",
        UniqueConstraint("principal_id", "name"),
        check("base_currency_code", f"base_currency {CURRENCY_CODE}"),
    )

    portfolio_id: Mapped[int] = identity("Key of the portfolio.")
    principal_id: Mapped[int] = references(PRINCIPAL, "Whose it is.")
    name: Mapped[str] = column("Name, unique for the principal.")
    base_currency: Mapped[str] = column("Currency it is valued in.")
    benchmark_instrument_id: Mapped[int | None] = instrument("Instrument it is judged against.")


class PortfolioAccount(Timestamped, Base):
    __tablename__ = "portfolio_accounts"
    __table_args__ = table(
        "portfolio",
        "Which accounts a portfolio holds. One row per portfolio and account.",
        Index(None, "account_id"),
    )

    # The portfolio is the owner here, so its key comes first.
    portfolio_id: Mapped[int] = references(
        "portfolio.portfolios.portfolio_id", "Portfolio that holds the account.", primary_key=True
    )
    account_id: Mapped[int] = references(
        "reference.accounts.account_id", "Account that it holds.", primary_key=True
    )


class CashFlow(Recorded, Base):
    __tablename__ = "cash_flows"
    __table_args__ = table(
        "portfolio",
        "Money that was put into an account or taken out; append-only. One row per flow.",
        one_of("kind", CashFlowKind),
        *finite("amount"),
        check(
            "amount_signed_by_kind",
            "case when kind in ('deposit', 'transfer_in') then amount > 0 else amount < 0 end",
        ),
        check("currency_code", f"currency {CURRENCY_CODE}"),
        brin("event_id"),
        partition=Partitioning("flow_at", "month"),
    )

    account_id: Mapped[int] = account(primary_key=True)
    flow_at: Mapped[datetime] = column("When the money moved.", primary_key=True)
    cash_flow_id: Mapped[int] = identity("Key of the cash flow.")
    kind: Mapped[CashFlowKind] = choice("How it moved.", CashFlowKind)
    amount: Mapped[Decimal] = column("Money added to the account; negative when taken out.")
    currency: Mapped[str] = column("Currency of the amount.")
    is_external: Mapped[bool] = defaulted(
        "Whether it crossed the firm's border; false between two of its own accounts.", "true"
    )
    description: Mapped[str | None] = column("The source's wording.")
    source_id: Mapped[int] = source()
    batch_id: Mapped[int | None] = column(
        "Load it came with, null when booked singly; refers to ops.ingest_batches.batch_id."
    )


class Watchlist(Versioned, Base):
    __tablename__ = "watchlists"
    __table_args__ = table(
        "portfolio",
        "Lists of instruments that somebody watches. One row per list.",
        UniqueConstraint("principal_id", "name"),
    )

    watchlist_id: Mapped[int] = identity("Key of the watchlist.")
    principal_id: Mapped[int] = references(PRINCIPAL, "Whose it is.")
    name: Mapped[str] = column("Name, unique for the principal.")
    description: Mapped[str | None] = column("What it is for.")


class WatchlistItem(Timestamped, Base):
    __tablename__ = "watchlist_items"
    __table_args__ = table(
        "portfolio", "Instruments on a watchlist. One row per watchlist and instrument."
    )

    watchlist_id: Mapped[int] = references(
        "portfolio.watchlists.watchlist_id", "Watchlist that it is on.", primary_key=True
    )
    instrument_id: Mapped[int] = instrument("Instrument watched.", primary_key=True)
    sort_order: Mapped[int] = defaulted("Place on the list, lowest first.", "0", type_=Integer)
    note: Mapped[str | None] = column("Why it is watched.")


class Alert(Timestamped, Recorded, Base):
    __tablename__ = "alerts"
    __table_args__ = table(
        "portfolio",
        "What somebody should know of. One row per alert.",
        one_of("alert_type", AlertType),
        check("priority_in_range", f"priority {PRIORITIES}"),
        Index(None, "principal_id", "created_at", "alert_id"),
        Index(
            "alerts_undismissed_idx",
            "principal_id",
            "priority",
            text("created_at desc"),
            postgresql_where=text("not is_dismissed"),
        ),
    )

    alert_id: Mapped[int] = identity("Key of the alert.")
    principal_id: Mapped[int] = references(PRINCIPAL, "Whom it is for.")
    alert_type: Mapped[AlertType] = choice("What it is about.", AlertType)
    instrument_id: Mapped[int | None] = instrument("Instrument that it is about; null when none.")
    message: Mapped[str] = column("What happened, to be read by people.")
    priority: Mapped[int] = column("1 is the most urgent, 5 the least.", Integer)
    is_read: Mapped[bool] = defaulted("Whether it was read.", "false")
    is_dismissed: Mapped[bool] = defaulted("Whether it was put away.", "false")


class NotificationRule(Versioned, Base):
    __tablename__ = "notification_rules"
    __table_args__ = table(
        "portfolio",
        "Which alerts are sent where. One row per rule.",
        UniqueConstraint("principal_id", "name"),
        one_of("alert_type", AlertType),
        one_of("channel", Channel),
        check("lowest_priority_in_range", f"lowest_priority {PRIORITIES}"),
    )

    notification_rule_id: Mapped[int] = identity("Key of the rule.")
    principal_id: Mapped[int] = references(PRINCIPAL, "Whose alerts it sends.")
    name: Mapped[str] = column("Name, unique for the principal.")
    alert_type: Mapped[AlertType | None] = choice("Type it sends; null for every type.", AlertType)
    instrument_id: Mapped[int | None] = instrument("Instrument it is limited to; null for all.")
    lowest_priority: Mapped[int] = defaulted(
        "Least urgent priority that is sent; 5 sends all.", "5", type_=Integer
    )
    channel: Mapped[Channel] = choice("How it is sent.", Channel)
    destination: Mapped[str | None] = column("Address or URL; null inside the application.")
    is_active: Mapped[bool] = defaulted("Whether it is in force.", "true")


class Notification(Recorded, Base):
    __tablename__ = "notification_log"
    __table_args__ = table(
        "portfolio",
        "What was sent, or was to be. One row per attempt to send an alert.",
        one_of("channel", Channel),
        one_of("status", NotificationStatus),
        brin("event_id"),
        partition=Partitioning("notified_at", "month"),
    )

    principal_id: Mapped[int] = references(PRINCIPAL, "Whom it was sent to.", primary_key=True)
    notified_at: Mapped[datetime] = column("When it was tried.", primary_key=True)
    notification_id: Mapped[int] = identity("Key of the attempt.")
    alert_id: Mapped[int | None] = references(
        "portfolio.alerts.alert_id", "Alert that was sent; null for a trial message."
    )
    notification_rule_id: Mapped[int | None] = references(
        RULE, "Rule that sent it; null for a message sent by hand."
    )
    channel: Mapped[Channel] = choice("How it was sent.", Channel)
    destination: Mapped[str | None] = column("Address or URL it was sent to.")
    status: Mapped[NotificationStatus] = choice("What came of it.", NotificationStatus)
    error: Mapped[str | None] = column("Why it failed or was held back.")
