"""API keys and what they may read.

A key is stored as its hash.
"""

from migrations.helpers import (
    BIGINT,
    BOOLEAN,
    BYTEA,
    INTEGER,
    TEXT,
    TEXTS,
    TIMESTAMPTZ,
    check,
    column,
    create_table,
    drop_tables,
    foreign_key,
    identity,
    primary_key,
    unique,
)

revision = "ops_keys"
down_revision = "ops_logs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "ops.api_keys",
        "Keys of the API. One row per key; a rotated key is a new row.",
        identity("api_key_id", "Key of the key; never leaves the server."),
        column("name", TEXT, "What it is for; a rotated key keeps it."),
        column("principal_id", BIGINT, "Whose it is."),
        column("prefix", TEXT, "Its first characters, by which people tell it from others."),
        column("secret_hash", BYTEA, "SHA-256 of the key as it is sent; the key is not kept."),
        column("scopes", TEXTS, "What it may do."),
        column("rate_limit", INTEGER, "Requests a minute; null = as the server is set.", null=True),
        column(
            "concurrency_limit",
            INTEGER,
            "Requests at once; null = as the server is set.",
            null=True,
        ),
        column(
            "grants_version",
            BIGINT,
            "Counts changes of its grants: an answer made under others is stale.",
            default="1",
        ),
        column("replaces_id", BIGINT, "Key it took over from; null = a first key.", null=True),
        column("expires_at", TIMESTAMPTZ, "When it ends; null = it does not.", null=True),
        column("revoked_at", TIMESTAMPTZ, "When it was revoked; null = it was not.", null=True),
        column("last_used_at", TIMESTAMPTZ, "When it was last used; null = never.", null=True),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        column("version", BIGINT, "Counts the row's writes.", default="1"),
        primary_key("api_key_id"),
        unique("prefix"),
        unique("secret_hash"),
        check("secret_hash_sha256", "octet_length(secret_hash) = 32"),
        check("scopes_known", "scopes <> '{}' and scopes <@ '{read,audit}'::text[]"),
        check("rate_limit_positive", "rate_limit > 0"),
        check("concurrency_limit_positive", "concurrency_limit > 0"),
        check("replaces_another", "replaces_id <> api_key_id"),
    )
    create_table(
        "ops.api_grants",
        "What a key may see. One row per key and account, portfolio or everything.",
        identity("api_grant_id", "Key of the grant."),
        column("api_key_id", BIGINT, "Key that may see it."),
        column("account_id", BIGINT, "Account it may see; null = another grant.", null=True),
        column(
            "portfolio_id",
            BIGINT,
            "Portfolio it may see, with its accounts; null = another grant.",
            null=True,
        ),
        column("is_all", BOOLEAN, "Whether it may see everything.", default="false"),
        column("created_at", TIMESTAMPTZ, "When the row was first written.", default="now()"),
        column("updated_at", TIMESTAMPTZ, "When the row was last written.", default="now()"),
        primary_key("api_grant_id"),
        unique("api_key_id", "account_id", "portfolio_id", nulls_not_distinct=True),
        check("one_subject", "num_nonnulls(account_id, portfolio_id) + is_all::int = 1"),
    )
    foreign_key("ops.api_keys", ["principal_id"], "reference.principals")
    foreign_key("ops.api_keys", ["replaces_id"], "ops.api_keys", ["api_key_id"])
    foreign_key("ops.api_grants", ["account_id"], "reference.accounts")
    foreign_key("ops.api_grants", ["api_key_id"], "ops.api_keys")
    foreign_key("ops.api_grants", ["portfolio_id"], "portfolio.portfolios")


def downgrade() -> None:
    drop_tables("ops.api_grants", "ops.api_keys")
