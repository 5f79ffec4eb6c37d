"""The API's keys: made, listed, rotated and revoked; the key itself is told once and only its hash kept.

What a key may see is decided by the functions of schema ops that the reports join.
"""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from warehouse.errors import WarehouseError
from warehouse.sql import query

LEADING = "tape_"


class KeyRefused(WarehouseError):
    """The key could not be made or changed; nothing was."""


@dataclass(frozen=True)
class Secret:
    """A key as it is sent, and what of it is kept."""

    text: str
    prefix: str

    @property
    def secret_hash(self) -> bytes:
        return hash_of(self.text)


@dataclass(frozen=True)
class Grants:
    """What a key may see: accounts by their hash, portfolios by their key, or everything."""

    accounts: Sequence[str] = ()
    portfolios: Sequence[int] = ()
    everything: bool = False

    def count(self) -> int:
        return len(set(self.accounts)) + len(set(self.portfolios)) + self.everything


@dataclass(frozen=True)
class Terms:
    """Who a key is for, how much it may do, and until when."""

    name: str
    scopes: Sequence[str]
    principal: str | None = None
    expires_at: datetime | None = None
    rate_limit: int | None = None
    concurrency_limit: int | None = None


def hash_of(text: str) -> bytes:
    """What a key is known by. It is random and long, so a plain hash keeps it."""
    return sha256(text.encode()).digest()


def draw() -> Secret:
    prefix = LEADING + secrets.token_hex(4)
    return Secret(f"{prefix}_{secrets.token_urlsafe(32)}", prefix)


def create(conn: Connection[Any], terms: Terms, grants: Grants) -> Secret:
    """A new key, of the principal it names, or of a program by the key's own name."""
    secret = draw()
    key_id = _insert(conn, terms, secret)
    made = conn.execute(query("keys/insert_grants"), {"key": key_id, **_listed(grants)}).rowcount
    if made != grants.count():
        raise KeyRefused(
            f"Of {grants.count()} accounts and portfolios only {made} are there; no key was made. "
            "Accounts are named by their account_hash, portfolios by their number."
        )
    return secret


def rotate(conn: Connection[Any], prefix: str, grace: timedelta) -> Secret:
    """The successor of a key, with its grants; the old one lives on for the grace."""
    secret = draw()
    given = {
        "replaced": prefix,
        "prefix": secret.prefix,
        "secret_hash": secret.secret_hash,
        "grace": grace,
    }
    row = conn.execute(query("keys/rotate_key"), given).fetchone()
    if row is None:
        raise _unknown(prefix)
    conn.execute(query("keys/copy_grants"), {"api_key_id": row[0], "replaces_id": row[1]})
    return secret


def revoke(conn: Connection[Any], prefix: str) -> None:
    """End a key at once."""
    if not conn.execute(query("keys/revoke_key"), {"prefix": prefix}).rowcount:
        raise _unknown(prefix)


def listed(conn: Connection[Any]) -> list[dict[str, Any]]:
    """Every key, with what it sees and when it was last used."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query("keys/list_keys")).fetchall()


def _insert(conn: Connection[Any], terms: Terms, secret: Secret) -> int:
    given = asdict(terms) | {
        "principal_id": _principal(conn, terms),
        "scopes": list(terms.scopes),
        "prefix": secret.prefix,
        "secret_hash": secret.secret_hash,
    }
    row = conn.execute(query("keys/insert_key"), given).fetchone()
    assert row
    return int(row[0])


def _principal(conn: Connection[Any], terms: Terms) -> int:
    login = {"login": terms.principal or terms.name}
    if terms.principal is None:
        conn.execute(query("keys/insert_principal"), login)
    row = conn.execute(query("keys/find_principal"), login).fetchone()
    if row is None:
        raise KeyRefused(
            f"There is no principal {terms.principal}; no key was made. Without --principal the key "
            "belongs to a program of its own name."
        )
    return int(row[0])


def _listed(grants: Grants) -> dict[str, Any]:
    return {
        "accounts": list(grants.accounts),
        "portfolios": list(grants.portfolios),
        "everything": grants.everything,
    }


def _unknown(prefix: str) -> KeyRefused:
    return KeyRefused(
        f"There is no live key {prefix}; nothing was changed. `warehouse keys list` shows them by "
        "their first characters."
    )
