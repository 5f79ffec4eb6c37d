"""Prediction and sports markets: games and questions, their odds as they move, and what models foretell."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from warehouse.demo.chunks import Chunk, chunk
from warehouse.demo.names import CLUBS
from warehouse.demo.people import TAPE
from warehouse.demo.records import columns
from warehouse.demo.seeds import stream
from warehouse.demo.world import World
from warehouse.models.market import EventOdds, EventPrediction, MarketEvent, MarketEventStatus

_LEAGUES = ("NHB", "UFL", "WCL")
_QUESTIONS = (
    ("economy", "Will the policy rate be cut at the next meeting?"),
    ("weather", "Will this month be the warmest on record?"),
    ("technology", "Will a new chip be announced before the quarter ends?"),
    ("markets", "Will the Broad Market Index close higher this month?"),
)
_MODELS = ("elo-2", "odds-blend-1")
_ODDS_EACH = 12  # every four hours of the two days before
_BATCH = 500  # games in one piece


def game_chunks(world: World) -> Iterator[Chunk]:
    events = [_event(world, number) for number in range(1, world.scale.games + 1)]
    for start in range(0, len(events), _BATCH):
        some = events[start : start + _BATCH]
        yield chunk(MarketEvent, columns(_row(world, one) for one in some))
        looks = [(one, _looks(world, one)) for one in some]
        yield chunk(EventOdds, columns(row for one, seen in looks for row in _odds(one, seen)))
        yield chunk(
            EventPrediction, columns(row for one, seen in looks for row in _predictions(one, seen))
        )


def _event(world: World, number: int) -> dict[str, Any]:
    """Every fourth is a question; the last few have not happened yet."""
    rng = stream(world.seed, "games", number)
    days = min(120, len(world.sessions)) * number // world.scale.games
    first = world.until - timedelta(days=min(120, len(world.sessions)) - 3)
    at = datetime.combine(first + timedelta(days=days), time(18 + number % 5), UTC)
    home, away = rng.choice(len(CLUBS), 2, replace=False)
    question = _QUESTIONS[number // 4 % len(_QUESTIONS)] if number % 4 == 0 else None
    return {
        "market_event_id": number,
        "league": None if question else _LEAGUES[number % len(_LEAGUES)],
        "category": question[0] if question else None,
        "title": question[1] if question else f"{CLUBS[away]} at {CLUBS[home]}",
        "home": None if question else CLUBS[home],
        "away": None if question else CLUBS[away],
        "starts_at": at,
    }


def _row(world: World, event: dict[str, Any]) -> dict[str, Any]:
    rng = stream(world.seed, "scores", event["market_event_id"])
    over = event["starts_at"] + timedelta(hours=3) < _end(world)
    known = over and event["home"] is not None
    ended = MarketEventStatus.FINAL if event["home"] else MarketEventStatus.SETTLED
    return {
        **event,
        "source_id": TAPE,
        "ticker": f"{event['league'] or event['category']}-{event['market_event_id']}".upper(),
        "closes_at": event["starts_at"],
        "status": ended if over else MarketEventStatus.OPEN,
        "score_home": int(rng.integers(80, 130)) if known else None,
        "score_away": int(rng.integers(80, 130)) if known else None,
        "period": "final" if known else None,
        "last_synced_at": min(event["starts_at"] + timedelta(hours=4), _end(world)),
    }


Look = tuple[datetime, float]


def _looks(world: World, event: dict[str, Any]) -> list[Look]:
    """When the odds were taken, and the chance of the home side, or of yes, then: a walk inside (0, 1)."""
    rng = stream(world.seed, "odds", event["market_event_id"])
    walk = rng.normal(0, 0.8) + np.cumsum(rng.normal(0, 0.15, _ODDS_EACH))
    chances = np.round(0.05 + 0.9 / (1 + np.exp(-walk)), 3).tolist()
    looks = [
        (event["starts_at"] - timedelta(hours=4 * (_ODDS_EACH - nth)), chance)
        for nth, chance in enumerate(chances)
    ]
    return [look for look in looks if look[0] < _end(world)]


def _end(world: World) -> datetime:
    return datetime.combine(world.until + timedelta(days=1), time(), UTC)


def _odds(event: dict[str, Any], looks: list[Look]) -> Iterator[dict[str, Any]]:
    game = event["home"] is not None
    for nth, (at, chance) in enumerate(looks, 1):
        cents = round(chance * 100)
        yield {
            "market_event_id": event["market_event_id"],
            "odds_at": at,
            "source_id": TAPE,
            "moneyline_home": _moneyline(chance) if game else None,
            "moneyline_away": _moneyline(1 - chance) if game else None,
            "spread": Decimal(round((0.5 - chance) * 40)).scaleb(-1) * 5 if game else None,
            "spread_odds_home": Decimal(-110) if game else None,
            "spread_odds_away": Decimal(-110) if game else None,
            "over_under": Decimal(2105 + nth).scaleb(-1) if game else None,
            "over_odds": Decimal(-110) if game else None,
            "under_odds": Decimal(-110) if game else None,
            "yes_bid": None if game else _price(cents - 1),
            "yes_ask": None if game else _price(cents + 1),
            "no_bid": None if game else _price(99 - cents),
            "no_ask": None if game else _price(101 - cents),
            "volume": Decimal(nth * 250),
        }


def _moneyline(chance: float) -> Decimal:
    """American odds: what 100 wins, or with a minus what wins 100."""
    odds = 100 * (1 - chance) / chance if chance < 0.5 else -100 * chance / (1 - chance)
    return Decimal(round(odds))


def _price(cents: int) -> Decimal:
    return Decimal(max(0, cents)).scaleb(-2)


def _predictions(event: dict[str, Any], looks: list[Look]) -> Iterator[dict[str, Any]]:
    game = event["home"] is not None
    for at, chance in looks[::3]:
        for nth, model in enumerate(_MODELS):
            own = round(chance * (1 - 0.1 * nth) + 0.05 * nth, 4)
            yield {
                "market_event_id": event["market_event_id"],
                "model": model,
                "predicted_at": at + timedelta(minutes=5),
                "home_probability": own if game else None,
                "away_probability": round(1 - own, 4) if game else None,
                "yes_probability": None if game else own,
            }
