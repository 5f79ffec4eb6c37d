"""What the read API adds to where it listens: how much of the database it may take, and for how long."""

from pydantic import Field

from warehouse.settings import ApiSettings


class ServerSettings(ApiSettings):
    """How one process of the API reads."""

    pool_size: int = Field(default=8, ge=1, le=500)
    pool_wait: float = Field(default=2.0, gt=0)
    statement_timeout: float = Field(default=10.0, gt=0)
    # Off only behind a pooler that does not know prepared statements (PgBouncer before 1.21).
    prepared_statements: bool = True
    shutdown_grace: int = Field(default=10, ge=0)
