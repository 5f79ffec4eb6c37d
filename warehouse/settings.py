"""Every setting, once: one frozen class per concern, read from the environment when it is built.

`.env.example` lists them all; nothing here is read at import time.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

PACKAGE = Path(__file__).parent
CHECKOUT = PACKAGE.parent
# A wheel carries the migrations and the dbt project inside the package; a checkout has them beside it.
PROJECT = CHECKOUT if (CHECKOUT / "migrations").is_dir() else PACKAGE / "_project"


class _Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="WAREHOUSE_", frozen=True, extra="ignore", env_ignore_empty=True
    )


class StateSettings(_Settings):
    """Where the embedded server, its data and the logs of what `up` started are kept."""

    home: Path = (CHECKOUT if PROJECT is CHECKOUT else Path()) / ".warehouse"


class EmbeddedSettings(_Settings):
    """How the embedded server is started."""

    model_config = SettingsConfigDict(env_prefix="WAREHOUSE_EMBEDDED_")

    # 0 picks a free port when the server is made, and keeps it.
    port: int = Field(default=0, ge=0, le=65535)


class DatabaseSettings(_Settings):
    """Which PostgreSQL to talk to; with neither of these, libpq's variables, then the embedded one."""

    database_url: SecretStr | None = None
    read_database_url: SecretStr | None = None
    application_name: str = "warehouse"
    connect_timeout: int = Field(default=10, ge=1)


class PoolSettings(_Settings):
    """How many connections an engine keeps, and for how long."""

    model_config = SettingsConfigDict(env_prefix="WAREHOUSE_POOL_")

    size: int = Field(default=5, ge=1)
    overflow: int = Field(default=5, ge=0)
    timeout: float = Field(default=10.0, gt=0)
    recycle: int = Field(default=1800, ge=1)


class MigrationSettings(_Settings):
    """How long a migration may wait for a lock, and run, on a live system."""

    model_config = SettingsConfigDict(env_prefix="WAREHOUSE_MIGRATION_")

    lock_timeout: str = "4s"
    statement_timeout: str = "15min"


class AuditSettings(_Settings):
    """What the audit log is sealed with, whom `audit verify` believes, and where heads are published."""

    model_config = SettingsConfigDict(env_prefix="WAREHOUSE_AUDIT_")

    key: SecretStr | None = None
    key_file: Path | None = None
    trusted_keys: Path | None = None
    publish_file: Path | None = None
    publish_command: str | None = None
    # Who leaves the event of a bulk load, where the login may write partitions: else the triggers do.
    bulk_events: Literal["loader", "triggers"] = "loader"


class AccountSettings(_Settings):
    """The key that account numbers are encrypted with: base64 of 32 octets."""

    account_key: SecretStr | None = None


class ArchiveSettings(_Settings):
    """Where the archives of partitions go."""

    # A folder, or a URL that fsspec knows; without it `archives` in the home.
    archives: str | None = None


class ApiSettings(_Settings):
    """Where the read API listens."""

    model_config = SettingsConfigDict(env_prefix="WAREHOUSE_API_")

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
