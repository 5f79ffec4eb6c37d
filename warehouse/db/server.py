"""What the server is, and whether it will do."""

from psycopg import connect

from warehouse.db.target import Target
from warehouse.errors import ServerError

OLDEST = 15


def server_version(target: Target) -> str:
    """The server's version; fails when it is older than what we support."""
    with connect(**target.keywords()) as conn:
        version = conn.info.parameter_status("server_version") or "?"
        if conn.info.server_version < OLDEST * 10_000:
            raise ServerError(
                f"PostgreSQL {version} is too old: Tapehouse needs {OLDEST} or newer. Nothing was "
                "changed; point WAREHOUSE_DATABASE_URL at a newer server, or unset it to use the "
                "embedded one."
            )
    return version.split()[0]
