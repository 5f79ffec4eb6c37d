"""Who trades and where the data comes from: sources, principals, strategies and accounts."""

import hashlib
import hmac
import json
from typing import Any

from warehouse.demo.names import FIRST_NAMES, LAST_NAMES
from warehouse.demo.scale import Scale
from warehouse.demo.seeds import stream
from warehouse.models.reference import AccountType, PrincipalType

BROKER, FUNDAMENTALS, TAPE, FILES, GENERATED = 1, 2, 3, 4, 5

_SOURCES = {
    "schwab": ("Orders, trades, transactions and option chains of the broker.", 10),
    "yahoo": ("Fundamentals, holders and a second opinion on daily bars.", 30),
    "polygon": ("Bars, marks, exchange rates and event odds.", 20),
    "csv": ("Files that somebody prepared.", 90),
    "demo": ("The demo data set as a whole: its loads are filed under this name.", 100),
}
_STRATEGIES = {
    "buy-and-hold": "Buys the benchmark and good companies and seldom sells.",
    "momentum": "Follows what has risen, and sells short what has fallen.",
    "mean-reversion": "Bets that a large move is half undone.",
    "breakout-bracket": "Buys a breakout with a target and a stop around it.",
    "pairs": "Holds one company against another of its sector.",
    "coin-trend": "Follows coins up and down, at all hours.",
    "premium": "Sells option premium with defined risk.",
    "discretionary": "What the desk decides by hand.",
}
BUY_AND_HOLD, MOMENTUM, MEAN_REVERSION, BRACKET, PAIRS, COIN_TREND, PREMIUM, DISCRETIONARY = range(
    1, 9
)
# Every sixth account may not borrow, every sixth is for retirement: neither sells short.
_ACCOUNT_TYPES = (
    AccountType.MARGIN, AccountType.MARGIN, AccountType.CASH,
    AccountType.MARGIN, AccountType.RETIREMENT, AccountType.PAPER,
)  # fmt: skip
MAY_SHORT = {AccountType.MARGIN, AccountType.PAPER}


def sources() -> list[dict[str, Any]]:
    return [
        {"source_id": number, "name": name, "description": text, "priority": priority}
        for number, (name, (text, priority)) in enumerate(_SOURCES.items(), 1)
    ]


def principals(scale: Scale) -> list[dict[str, Any]]:
    """A person for every three accounts, and two programs."""
    people = [_person(number) for number in range(1 + scale.accounts // 3)]
    programs = [("nightly", "Nightly jobs"), ("trader", "Trading programs")]
    named = [(*one, PrincipalType.PERSON) for one in people]
    named += [(*one, PrincipalType.PROGRAM) for one in programs]
    return [
        {"principal_id": number, "login": login, "principal_type": kind, "display_name": name}
        for number, (login, name, kind) in enumerate(named, 1)
    ]


def _person(number: int) -> tuple[str, str]:
    first, last = FIRST_NAMES[number % 10], LAST_NAMES[(number // 10 + number) % 10]
    suffix = number // 100 or ""
    return f"{first}.{last}{suffix}".lower(), f"{first} {last}"


def strategies() -> list[dict[str, Any]]:
    return [
        {
            "strategy_id": number,
            "name": name,
            "description": text,
            "parameters": json.dumps({"lookback": 5 * number, "risk": 0.01}),
        }
        for number, (name, text) in enumerate(_STRATEGIES.items(), 1)
    ]


def account_type(account_id: int) -> AccountType:
    return _ACCOUNT_TYPES[(account_id - 1) % len(_ACCOUNT_TYPES)]


def base_currency(account_id: int) -> str:
    """The third account is kept in euros, for there must be something to convert."""
    return "EUR" if account_id == 3 else "USD"


def accounts(scale: Scale, seed: int) -> list[dict[str, Any]]:
    """Accounts whose numbers are sealed with a key that is made of the seed."""
    rng = stream(seed, "accounts")
    numbers = rng.permutation(900_000)[: scale.accounts] + 10_000_000
    return [_account(number, str(digits), seed) for number, digits in enumerate(numbers, 1)]


def _account(account_id: int, digits: str, seed: int) -> dict[str, Any]:
    kind = account_type(account_id)
    return {
        "account_id": account_id,
        "account_hash": _keyed(seed, "hash", digits).hex().upper(),
        # Looks like what encryption leaves, but nobody can open it: invented accounts have no number.
        "account_number_encrypted": _keyed(seed, "number", digits)
        + _keyed(seed, "tag", digits)[:8],
        "account_number_digest": _keyed(seed, "digest", digits),
        "display_name": f"{kind.capitalize()} account …{digits[-3:]}",
        "nickname": None if account_id % 3 else f"{FIRST_NAMES[account_id % 10]}'s {kind}",
        "account_type": kind,
        "base_currency": base_currency(account_id),
    }


def _keyed(seed: int, purpose: str, digits: str) -> bytes:
    key = f"tapehouse demo {seed} {purpose}".encode()
    return hmac.digest(key, digits.encode(), hashlib.sha256)
