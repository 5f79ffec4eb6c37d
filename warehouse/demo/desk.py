"""What people keep beside the trading: portfolios, watchlists, rules, alerts, limits and their breaches."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from warehouse.demo.chunks import Chunk, chunk
from warehouse.demo.people import principals
from warehouse.demo.records import columns
from warehouse.demo.scale import Scale
from warehouse.demo.seeds import stream
from warehouse.demo.universe import Listing
from warehouse.demo.world import World
from warehouse.models.portfolio import (
    Alert,
    AlertType,
    Channel,
    Notification,
    NotificationRule,
    NotificationStatus,
    Portfolio,
    PortfolioAccount,
    Watchlist,
    WatchlistItem,
)
from warehouse.models.reference import PrincipalType
from warehouse.models.risk import Breach, Limit, Measure, Scope, Severity

_ALERTS_EACH = 40
_LIMITS = (
    (Measure.LEVERAGE, Decimal(2), Severity.CRITICAL),
    (Measure.CONCENTRATION, Decimal("0.25"), Severity.WARNING),
    (Measure.DRAWDOWN, Decimal("0.15"), Severity.WARNING),
    (Measure.EXPOSURE, Decimal(2500000), Severity.INFO),
)


def people_of(scale: Scale) -> list[int]:
    """The principals that are persons."""
    return [
        one["principal_id"]
        for one in principals(scale)
        if one["principal_type"] is PrincipalType.PERSON
    ]


def keeping_chunks(world: World) -> Iterator[Chunk]:
    """What stands from the beginning."""
    yield chunk(Portfolio, columns(_portfolios(world)))
    yield chunk(PortfolioAccount, columns(_portfolio_accounts(world.scale)))
    lists = [row for person in people_of(world.scale) for row in _watchlists(person)]
    yield chunk(Watchlist, columns({"watchlist_id": n, **row} for n, row in enumerate(lists, 1)))
    yield chunk(WatchlistItem, columns(_watchlist_items(world, len(lists))))
    yield chunk(NotificationRule, columns(_rules(world.scale)))
    yield chunk(Limit, columns(_limits(world.scale)))


def noticed_chunks(world: World) -> Iterator[Chunk]:
    """What came up over time."""
    alerts = list(_alerts(world))
    yield chunk(Alert, columns(alerts))
    yield chunk(Notification, columns(_notifications(alerts)))
    yield chunk(Breach, columns(_breaches(world)))


# -- portfolios ------------------------------------------------------------------------------------


def _portfolios(world: World) -> Iterator[dict[str, Any]]:
    """One for each person, and one over everything."""
    benchmark = world.listings[0].instrument_id
    for number, person in enumerate([*people_of(world.scale), 1], 1):
        whole = number > len(people_of(world.scale))
        yield {
            "portfolio_id": number,
            "principal_id": person,
            "name": "The firm" if whole else "Main",
            "base_currency": "USD",
            "benchmark_instrument_id": benchmark,
        }


def _portfolio_accounts(scale: Scale) -> Iterator[dict[str, Any]]:
    people = people_of(scale)
    for account in range(1, scale.accounts + 1):
        for portfolio in ((account - 1) % len(people) + 1, len(people) + 1):
            yield {"portfolio_id": portfolio, "account_id": account}


def _watchlists(person: int) -> Iterator[dict[str, Any]]:
    for name, text in (("Core", "What is held for years."), ("Ideas", None)):
        yield {"principal_id": person, "name": name, "description": text}


def _watchlist_items(world: World, lists: int) -> Iterator[dict[str, Any]]:
    for number in range(1, lists + 1):
        rng = stream(world.seed, "watchlists", number)
        chosen = rng.choice(len(world.listings), min(12, len(world.listings)), replace=False)
        for place, row in enumerate(chosen.tolist()):
            yield {
                "watchlist_id": number,
                "instrument_id": world.listings[row].instrument_id,
                "sort_order": place,
                "note": "Wait for the report." if place == 3 else None,
            }


# -- alerts ----------------------------------------------------------------------------------------


def _rules(scale: Scale) -> Iterator[dict[str, Any]]:
    kinds = (
        ("Urgent", None, 2, Channel.PUSH, None),
        ("Prices by mail", AlertType.PRICE, 4, Channel.EMAIL, "desk@example.org"),
    )
    rules = [(person, *kind) for person in people_of(scale) for kind in kinds]
    for number, (person, name, kind, lowest, channel, destination) in enumerate(rules, 1):
        yield {
            "notification_rule_id": number,
            "principal_id": person,
            "name": name,
            "alert_type": kind,
            "lowest_priority": lowest,
            "channel": channel,
            "destination": destination,
        }


_MESSAGES = {
    AlertType.PRICE: "{symbol} moved more than 4 % today.",
    AlertType.VOLUME: "{symbol} trades three times its usual volume.",
    AlertType.TECHNICAL: "{symbol} crossed its 50-day average.",
    AlertType.FUNDAMENTAL: "{symbol} has reported.",
    AlertType.RISK: "A limit that {symbol} counts towards was passed.",
}


def _alerts(world: World) -> Iterator[dict[str, Any]]:
    """Over the last months, the newest not yet read."""
    people = people_of(world.scale)
    rng = stream(world.seed, "alerts")
    total = _ALERTS_EACH * len(people)
    back = np.sort(rng.uniform(0, min(90, len(world.sessions)) * 86_400, total))[::-1].astype(int)
    midnight = datetime.combine(world.until, time(), UTC)
    for number in range(1, total + 1):
        kind = list(_MESSAGES)[int(rng.integers(len(_MESSAGES)))]
        listing: Listing = world.listings[int(rng.integers(len(world.listings)))]
        at = midnight + timedelta(hours=20) - timedelta(seconds=int(back[number - 1]))
        read = number < total * 0.8
        yield {
            "alert_id": number,
            "principal_id": people[int(rng.integers(len(people)))],
            "alert_type": kind,
            "instrument_id": listing.instrument_id,
            "message": _MESSAGES[kind].format(symbol=listing.symbol),
            "priority": int(rng.integers(1, 6)),
            "is_read": read,
            "is_dismissed": bool(read and rng.random() < 0.7),
            "created_at": at,
            "updated_at": at,
        }


def _notifications(alerts: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Urgent alerts were pushed; now and then a push failed."""
    urgent = [alert for alert in alerts if alert["priority"] <= 2]
    for number, alert in enumerate(urgent, 1):
        failed = number % 17 == 0
        yield {
            "principal_id": alert["principal_id"],
            "notified_at": alert["created_at"] + timedelta(seconds=2),
            "notification_id": number,
            "alert_id": alert["alert_id"],
            "notification_rule_id": 2 * alert["principal_id"] - 1,
            "channel": Channel.PUSH,
            "status": NotificationStatus.FAILED if failed else NotificationStatus.SENT,
            "error": "The device did not answer." if failed else None,
        }


# -- limits ----------------------------------------------------------------------------------------


def _limits(scale: Scale) -> Iterator[dict[str, Any]]:
    scopes = [(Scope.ACCOUNT, account) for account in range(1, scale.accounts + 1)]
    scopes += [(Scope.PORTFOLIO, number) for number in range(1, len(people_of(scale)) + 2)]
    kept = [(scope, *limit) for scope in scopes for limit in _LIMITS]
    for number, ((scope, key), measure, threshold, severity) in enumerate(kept, 1):
        yield {
            "limit_id": number,
            "scope": scope,
            "portfolio_id": key if scope is Scope.PORTFOLIO else None,
            "account_id": key if scope is Scope.ACCOUNT else None,
            "measure": measure,
            "threshold": threshold,
            "severity": severity,
        }


def _breaches(world: World) -> Iterator[dict[str, Any]]:
    """Every account passed its concentration limit a few times, and the older ones were acknowledged."""
    number = 0
    for account in range(1, world.scale.accounts + 1):
        rng = stream(world.seed, "breaches", account)
        limit = (account - 1) * len(_LIMITS) + 2
        back = min(60, len(world.sessions) - 1)
        for column in sorted(rng.choice(back, 3, replace=False).tolist()):
            number += 1
            at = world.sessions.closes_at[column - back].item().replace(tzinfo=UTC)
            known = column < back * 0.8
            yield {
                "limit_id": limit,
                "breach_at": at,
                "breach_id": number,
                "value": Decimal(int(rng.integers(26, 48))).scaleb(-2),
                "threshold": Decimal("0.25"),
                "acknowledged_at": at + timedelta(minutes=30) if known else None,
                "acknowledged_by": 1 if known else None,
                "created_at": at,
                "updated_at": at,
            }
