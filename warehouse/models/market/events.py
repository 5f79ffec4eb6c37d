"""Prediction and sports markets: the events, the odds on them and the forecasts of models."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, MappedColumn

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
    finite,
    identity,
    instrument,
    non_negative,
    one_of,
    positive,
    references,
    source,
    table,
)


class MarketEventStatus(StrEnum):
    SCHEDULED = "scheduled"
    OPEN = "open"
    IN_PROGRESS = "in_progress"
    SUSPENDED = "suspended"
    POSTPONED = "postponed"
    CLOSED = "closed"
    FINAL = "final"
    SETTLED = "settled"
    CANCELLED = "cancelled"


def market_event() -> MappedColumn[int]:
    """The owner key of what is said about an event."""
    return references("market.events.market_event_id", "Event the row is about.", primary_key=True)


class MarketEvent(Versioned, Recorded, Base):
    __tablename__ = "events"
    __table_args__ = table(
        "market",
        "Games and questions that are bet on. One row per source and ticker.",
        UniqueConstraint("source_id", "ticker"),
        one_of("status", MarketEventStatus),
        check("league_or_category", "num_nonnulls(league, category) > 0"),
        check("both_sides", "(home is null) = (away is null)"),
        check("scores_non_negative", "score_home >= 0 and score_away >= 0"),
        Index("events_title_idx", text("to_tsvector('english', title)"), postgresql_using="gin"),
    )

    market_event_id: Mapped[int] = identity("Key of the event; event_id is the audit event.")
    instrument_id: Mapped[int | None] = instrument("The event as an instrument, if it is traded.")
    source_id: Mapped[int] = source("Source that lists the event.")
    ticker: Mapped[str] = column("Name of the event at its source.")
    league: Mapped[str | None] = column("League of a game.")
    category: Mapped[str | None] = column("Subject of a question.")
    title: Mapped[str] = column("What is bet on, in words.")
    home: Mapped[str | None] = column("Home side; null for a question.")
    away: Mapped[str | None] = column("Away side; null for a question.")
    starts_at: Mapped[datetime | None] = column("Start of the game, if known.")
    closes_at: Mapped[datetime | None] = column("End of betting, if known.")
    status: Mapped[MarketEventStatus] = choice("Where the event stands.", MarketEventStatus)
    score_home: Mapped[int | None] = column("Score of the home side.", Integer)
    score_away: Mapped[int | None] = column("Score of the away side.", Integer)
    period: Mapped[str | None] = column("Part of the game being played, as the source says.")
    clock: Mapped[str | None] = column("Game clock, as the source shows it.")
    last_synced_at: Mapped[datetime | None] = column("When the source was last asked.")


class EventOdds(Timestamped, Recorded, Base):
    __tablename__ = "event_odds"
    __table_args__ = table(
        "market",
        "Odds and prices on an event. One row per event, instant and source.",
        *finite("moneyline_home", "moneyline_away", "spread"),
        *finite("spread_odds_home", "spread_odds_away", "over_odds", "under_odds"),
        *positive("over_under"),
        *non_negative("yes_bid", "yes_ask", "no_bid", "no_ask", "volume"),
        brin("event_id"),
        partition=Partitioning("odds_at", "month"),
    )

    market_event_id: Mapped[int] = market_event()
    odds_at: Mapped[datetime] = column("When the odds were offered.", primary_key=True)
    source_id: Mapped[int] = source("Book or exchange that offered them.", primary_key=True)
    moneyline_home: Mapped[Decimal | None] = column("American odds that the home side wins.")
    moneyline_away: Mapped[Decimal | None] = column("American odds that the away side wins.")
    spread: Mapped[Decimal | None] = column("Points given to the home side.")
    spread_odds_home: Mapped[Decimal | None] = column("American odds on the home side's spread.")
    spread_odds_away: Mapped[Decimal | None] = column("American odds on the away side's spread.")
    over_under: Mapped[Decimal | None] = column("Total score that is bet over or under.")
    over_odds: Mapped[Decimal | None] = column("American odds on the total being over.")
    under_odds: Mapped[Decimal | None] = column("American odds on the total being under.")
    yes_bid: Mapped[Decimal | None] = column("Bid for a contract that pays 1 on yes.")
    yes_ask: Mapped[Decimal | None] = column("Ask for a contract that pays 1 on yes.")
    no_bid: Mapped[Decimal | None] = column("Bid for a contract that pays 1 on no.")
    no_ask: Mapped[Decimal | None] = column("Ask for a contract that pays 1 on no.")
    volume: Mapped[Decimal | None] = column("Contracts traded so far.")


class EventPrediction(Recorded, Base):
    __tablename__ = "event_predictions"
    __table_args__ = table(
        "market",
        "Forecasts of an event's outcome. One row per event, model and instant.",
        *(
            check(f"{outcome}_probability_range", f"{outcome}_probability between 0 and 1")
            for outcome in ("home", "away", "draw", "yes")
        ),
        check(
            "some_probability",
            "num_nonnulls(home_probability, away_probability, draw_probability, yes_probability) > 0",
        ),
        brin("event_id"),
        partition=Partitioning("predicted_at", "month"),
    )

    market_event_id: Mapped[int] = market_event()
    model: Mapped[str] = column("Name and version of the model.", primary_key=True)
    predicted_at: Mapped[datetime] = column("When the forecast was made.", primary_key=True)
    home_probability: Mapped[float | None] = column("That the home side wins.")
    away_probability: Mapped[float | None] = column("That the away side wins.")
    draw_probability: Mapped[float | None] = column("That nobody wins.")
    yes_probability: Mapped[float | None] = column("That the question is answered yes.")
