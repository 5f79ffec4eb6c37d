"""Schema ops, keys: who may read through the API, and which accounts and portfolios."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ARRAY, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped

from warehouse.models.audit import digests
from warehouse.models.base import (
    Base,
    Timestamped,
    Versioned,
    check,
    column,
    defaulted,
    identity,
    references,
    table,
)


class Scope(StrEnum):
    READ = "read"  # reports
    AUDIT = "audit"  # events, their history and proofs


class ApiKey(Versioned, Base):
    """The secret is random and long, so a plain hash of it keeps it; a slow one would cost each request."""

    __tablename__ = "api_keys"
    __table_args__ = table(
        "ops",
        "Keys of the API. One row per key; a rotated key is a new row.",
        UniqueConstraint("prefix"),
        UniqueConstraint("secret_hash"),
        *digests("secret_hash"),
        check(
            "scopes_known",
            f"scopes <> '{{}}' and scopes <@ '{{{','.join(Scope)}}}'::text[]",
        ),
        check("rate_limit_positive", "rate_limit > 0"),
        check("concurrency_limit_positive", "concurrency_limit > 0"),
        check("replaces_another", "replaces_id <> api_key_id"),
    )

    api_key_id: Mapped[int] = identity("Key of the key; never leaves the server.")
    name: Mapped[str] = column("What it is for; a rotated key keeps it.")
    principal_id: Mapped[int] = references("reference.principals.principal_id", "Whose it is.")
    prefix: Mapped[str] = column("Its first characters, by which people tell it from others.")
    secret_hash: Mapped[bytes] = column("SHA-256 of the key as it is sent; the key is not kept.")
    scopes: Mapped[list[str]] = column("What it may do.", ARRAY(Text))
    rate_limit: Mapped[int | None] = column(
        "Requests a minute; null = as the server is set.", Integer
    )
    concurrency_limit: Mapped[int | None] = column(
        "Requests at once; null = as the server is set.", Integer
    )
    grants_version: Mapped[int] = defaulted(
        "Counts changes of its grants: an answer made under others is stale.", "1"
    )
    replaces_id: Mapped[int | None] = references(
        "ops.api_keys.api_key_id", "Key it took over from; null = a first key."
    )
    expires_at: Mapped[datetime | None] = column("When it ends; null = it does not.")
    revoked_at: Mapped[datetime | None] = column("When it was revoked; null = it was not.")
    last_used_at: Mapped[datetime | None] = column("When it was last used; null = never.")


class ApiGrant(Timestamped, Base):
    __tablename__ = "api_grants"
    __table_args__ = table(
        "ops",
        "What a key may see. One row per key and account, portfolio or everything.",
        check("one_subject", "num_nonnulls(account_id, portfolio_id) + is_all::int = 1"),
        # The grant of everything has neither key, so it too can stand only once.
        UniqueConstraint(
            "api_key_id", "account_id", "portfolio_id", postgresql_nulls_not_distinct=True
        ),
    )

    api_grant_id: Mapped[int] = identity("Key of the grant.")
    api_key_id: Mapped[int] = references("ops.api_keys.api_key_id", "Key that may see it.")
    account_id: Mapped[int | None] = references(
        "reference.accounts.account_id", "Account it may see; null = another grant."
    )
    portfolio_id: Mapped[int | None] = references(
        "portfolio.portfolios.portfolio_id",
        "Portfolio it may see, with its accounts; null = another grant.",
    )
    is_all: Mapped[bool] = defaulted("Whether it may see everything.", "false")
