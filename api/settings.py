"""What the read API adds to where it listens: what it may take of the database, and its readers of it."""

from pathlib import Path

from pydantic import Field

from warehouse.settings import ApiSettings


class ServerSettings(ApiSettings):
    """How one process of the API reads, and records that it did."""

    workers: int = Field(default=1, ge=1, le=64)
    pool_size: int = Field(default=4, ge=1, le=500)
    pool_wait: float = Field(default=2.0, gt=0)
    pool_queue: int = Field(default=100, ge=1)
    statement_timeout: float = Field(default=10.0, gt=0)
    stream_timeout: float = Field(default=300.0, gt=0)
    # Off only behind a pooler that does not know prepared statements (PgBouncer before 1.21).
    prepared_statements: bool = True
    record_pool_size: int = Field(default=2, ge=1, le=50)
    record_queue: int = Field(default=1000, ge=1)
    record_wait: float = Field(default=5.0, gt=0)
    cache_megabytes: int = Field(default=64, ge=0)
    key_seconds: float = Field(default=30.0, ge=0)
    rate_limit: int = Field(default=0, ge=0)
    concurrency_limit: int = Field(default=64, ge=1)
    jwks_file: Path | None = None
    jwt_issuer: str | None = None
    jwt_audience: str = "tapehouse"
    jwt_key_claim: str = "client_id"
    shutdown_grace: int = Field(default=10, ge=0)
