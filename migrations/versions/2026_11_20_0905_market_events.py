"""Prediction and sports markets, their odds and predictions, cut by month.

An event's title is found by a text index.
"""

from migrations.helpers import (
    BIGINT,
    DOUBLE,
    INTEGER,
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

revision = "market_events"
down_revision = "market_options"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "market.events",
        "Games and questions that are bet on. One row per source and ticker.",
        identity("market_event_id", "Key of the event; event_id is the audit event."),
        column("instrument_id", BIGINT, "The event as an instrument, if it is traded.", null=True),
        column("source_id", BIGINT, "Source that lists the event."),
        column("ticker", TEXT, "Name of the event at its source."),
        column("league", TEXT, "League of a game.", null=True),
        column("category", TEXT, "Subject of a question.", null=True),
        column("title", TEXT, "What is bet on, in words."),
        column("home", TEXT, "Home side; null for a question.", null=True),
        column("away", TEXT, "Away side; null for a question.", null=True),
        column("starts_at", TIMESTAMPTZ, "Start of the game, if known.", null=True),
        column("closes_at", TIMESTAMPTZ, "End of betting, if known.", null=True),
        column("status", TEXT, "Where the event stands."),
        column("score_home", INTEGER, "Score of the home side.", null=True),
        column("score_away", INTEGER, "Score of the away side.", null=True),
        column("period", TEXT, "Part of the game being played, as the source says.", null=True),
        column("clock", TEXT, "Game clock, as the source shows it.", null=True),
        column("last_synced_at", TIMESTAMPTZ, "When the source was last asked.", null=True),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("version", BIGINT, "Counts the row's writes.", default="1"),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("market_event_id"),
        unique("source_id", "ticker"),
        one_of(
            "status",
            "scheduled",
            "open",
            "in_progress",
            "suspended",
            "postponed",
            "closed",
            "final",
            "settled",
            "cancelled",
        ),
        check("league_or_category", "num_nonnulls(league, category) > 0"),
        check("both_sides", "(home is null) = (away is null)"),
        check("scores_non_negative", "score_home >= 0 and score_away >= 0"),
    )
    create_table(
        "market.event_odds",
        "Odds and prices on an event. One row per event, instant and source.",
        column("market_event_id", BIGINT, "Event the row is about."),
        column("odds_at", TIMESTAMPTZ, "When the odds were offered."),
        column("source_id", BIGINT, "Book or exchange that offered them."),
        column("moneyline_home", NUMERIC, "American odds that the home side wins.", null=True),
        column("moneyline_away", NUMERIC, "American odds that the away side wins.", null=True),
        column("spread", NUMERIC, "Points given to the home side.", null=True),
        column("spread_odds_home", NUMERIC, "American odds on the home side's spread.", null=True),
        column("spread_odds_away", NUMERIC, "American odds on the away side's spread.", null=True),
        column("over_under", NUMERIC, "Total score that is bet over or under.", null=True),
        column("over_odds", NUMERIC, "American odds on the total being over.", null=True),
        column("under_odds", NUMERIC, "American odds on the total being under.", null=True),
        column("yes_bid", NUMERIC, "Bid for a contract that pays 1 on yes.", null=True),
        column("yes_ask", NUMERIC, "Ask for a contract that pays 1 on yes.", null=True),
        column("no_bid", NUMERIC, "Bid for a contract that pays 1 on no.", null=True),
        column("no_ask", NUMERIC, "Ask for a contract that pays 1 on no.", null=True),
        column("volume", NUMERIC, "Contracts traded so far.", null=True),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("market_event_id", "odds_at", "source_id"),
        check(
            "moneyline_home_finite", "moneyline_home > '-Infinity' and moneyline_home < 'Infinity'"
        ),
        check(
            "moneyline_away_finite", "moneyline_away > '-Infinity' and moneyline_away < 'Infinity'"
        ),
        check("spread_finite", "spread > '-Infinity' and spread < 'Infinity'"),
        check(
            "spread_odds_home_finite",
            "spread_odds_home > '-Infinity' and spread_odds_home < 'Infinity'",
        ),
        check(
            "spread_odds_away_finite",
            "spread_odds_away > '-Infinity' and spread_odds_away < 'Infinity'",
        ),
        check("over_odds_finite", "over_odds > '-Infinity' and over_odds < 'Infinity'"),
        check("under_odds_finite", "under_odds > '-Infinity' and under_odds < 'Infinity'"),
        check("over_under_positive", "over_under > 0 and over_under < 'Infinity'"),
        check("yes_bid_non_negative", "yes_bid >= 0 and yes_bid < 'Infinity'"),
        check("yes_ask_non_negative", "yes_ask >= 0 and yes_ask < 'Infinity'"),
        check("no_bid_non_negative", "no_bid >= 0 and no_bid < 'Infinity'"),
        check("no_ask_non_negative", "no_ask >= 0 and no_ask < 'Infinity'"),
        check("volume_non_negative", "volume >= 0 and volume < 'Infinity'"),
        partition_by="odds_at",
    )
    create_table(
        "market.event_predictions",
        "Forecasts of an event's outcome. One row per event, model and instant.",
        column("market_event_id", BIGINT, "Event the row is about."),
        column("model", TEXT, "Name and version of the model."),
        column("predicted_at", TIMESTAMPTZ, "When the forecast was made."),
        column("home_probability", DOUBLE, "That the home side wins.", null=True),
        column("away_probability", DOUBLE, "That the away side wins.", null=True),
        column("draw_probability", DOUBLE, "That nobody wins.", null=True),
        column("yes_probability", DOUBLE, "That the question is answered yes.", null=True),
        column("event_id", BIGINT, "Audit event of the write; refers to audit.events.event_id."),
        primary_key("market_event_id", "model", "predicted_at"),
        check("home_probability_range", "home_probability between 0 and 1"),
        check("away_probability_range", "away_probability between 0 and 1"),
        check("draw_probability_range", "draw_probability between 0 and 1"),
        check("yes_probability_range", "yes_probability between 0 and 1"),
        check(
            "some_probability",
            "num_nonnulls(home_probability, away_probability, draw_probability, yes_probability) > 0",
        ),
        partition_by="predicted_at",
    )
    foreign_key("market.events", ["instrument_id"], "reference.instruments")
    foreign_key("market.events", ["source_id"], "reference.sources")
    foreign_key("market.event_odds", ["market_event_id"], "market.events")
    foreign_key("market.event_odds", ["source_id"], "reference.sources")
    foreign_key("market.event_predictions", ["market_event_id"], "market.events")
    create_index(
        "market.events", "to_tsvector('english', title)", name="events_title_idx", using="gin"
    )
    create_brin("market.event_odds", "event_id")
    create_brin("market.event_odds", "odds_at")
    create_brin("market.event_predictions", "event_id")
    create_brin("market.event_predictions", "predicted_at")


def downgrade() -> None:
    drop_tables("market.event_predictions", "market.event_odds", "market.events")
