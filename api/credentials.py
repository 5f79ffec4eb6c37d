"""Who asks: the key behind a request's bearer token, found in the database and known for a moment.

What a key may see is decided in the database with every report; this only tells keys apart. Signed
tokens are checked in api/tokens.py and stand for a key.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from api.errors import OUT_OF_SCOPE, UNAUTHENTICATED, Problem
from api.head import Head
from api.tokens import Tokens
from warehouse.db.keys import LEADING, hash_of

Find = Callable[..., Awaitable[Any]]
KEPT = 10_000
LONGEST = 4_096


@dataclass(frozen=True)
class Key:
    """A key that lives, and what the API needs of it."""

    api_key_id: int
    principal_id: int
    scopes: frozenset[str]
    grants_version: int
    rate_limit: int | None
    concurrency_limit: int | None
    expires_at: datetime | None
    until: float = field(compare=False)  # when it is to be looked up again; 0 = with each request

    def may(self, scope: str) -> None:
        if scope not in self.scopes:
            raise Problem(OUT_OF_SCOPE, f"The key has not the scope {scope}.", scope=scope)


@dataclass
class Keys:
    """Finds keys; `forget` is called when one changed, or when nobody would tell that it did."""

    find: Find
    seconds: float
    tokens: Tokens | None = None
    known: dict[bytes | str, Key] = field(default_factory=dict)
    changes: int = 0

    def forget(self) -> None:
        self.known.clear()
        self.changes += 1

    async def authenticate(self, head: Head) -> Key:
        """The key that a request is sent with; a `Problem` where there is none that lives."""
        if known := self._fresh(head.digest):
            return known
        scheme, _, token = head.authorization.decode("latin-1").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token or len(token) > LONGEST:
            raise Problem(UNAUTHENTICATED, "The request has no bearer token.")
        if token.startswith(LEADING):
            return await self._key(head.digest, secret_hash=hash_of(token))
        if self.tokens is None:
            raise Problem(UNAUTHENTICATED, "The token is no key of this API.")
        return await self._of_token(token)

    async def _of_token(self, token: str) -> Key:
        assert self.tokens
        claims = self.tokens.check(token)
        key = self._fresh(claims.prefix) or await self._key(claims.prefix, prefix=claims.prefix)
        return _narrowed(key, claims.scopes)

    def _fresh(self, index: bytes | str) -> Key | None:
        """What is known of a key, until it is to be looked up anew."""
        known = self.known.get(index)
        return known if known and time.monotonic() < known.until else None

    async def _key(self, index: bytes | str, **by: object) -> Key:
        changes = self.changes
        rows = await self.find(**by)
        if not rows:
            self.known.pop(index, None)
            raise Problem(UNAUTHENTICATED, "The key is unknown, revoked or expired.")
        # Found before a change that was told meanwhile, it may be what the change took away.
        if changes != self.changes:
            return _key(rows[0], 0.0)
        if len(self.known) >= KEPT:
            self.known.clear()
        self.known[index] = key = _key(rows[0], self.seconds)
        return key


def _key(row: Any, seconds: float) -> Key:
    """Known for so long, and no longer than it lives."""
    if row["expires_at"] is not None:
        seconds = min(seconds, (row["expires_at"] - datetime.now(UTC)).total_seconds())
    until = time.monotonic() + seconds if seconds > 0 else 0.0
    return Key(**{**dict(row), "scopes": frozenset(row["scopes"]), "until": until})


def _narrowed(key: Key, scopes: frozenset[str] | None) -> Key:
    """What a token makes of its key: the token may end before the key, so it is checked each time."""
    left = key.scopes if scopes is None else key.scopes & scopes
    return replace(key, scopes=left, until=0.0)
