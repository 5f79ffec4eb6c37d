"""Which server: WAREHOUSE_DATABASE_URL, else libpq's variables, else the embedded one."""

import os
from dataclasses import dataclass
from typing import Any

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from warehouse.errors import ConnectionFailed
from warehouse.embedded import embedded_conninfo
from warehouse.settings import DatabaseSettings, StateSettings

# Any of these says that the environment means a server of its own.
LIBPQ_TARGETS = ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE", "PGPORT")


@dataclass(frozen=True)
class Target:
    """A server and database, as libpq's keywords; the environment fills what is left out."""

    conninfo: str
    origin: str

    def keywords(self, **more: Any) -> dict[str, Any]:
        """The connection's keywords for psycopg.connect and SQLAlchemy's connect_args."""
        return {**conninfo_to_dict(self.conninfo), **more}

    def with_(self, **keywords: Any) -> "Target":
        """The same server by other keywords: another database, role or application name."""
        return Target(make_conninfo(self.conninfo, **keywords), self.origin)


def primary(settings: DatabaseSettings | None = None) -> Target:
    """The server that is written to."""
    settings = settings or DatabaseSettings()
    name = settings.application_name
    if settings.database_url:
        return _parsed(settings.database_url.get_secret_value(), "WAREHOUSE_DATABASE_URL").with_(
            application_name=name
        )
    if any(os.environ.get(variable) for variable in LIBPQ_TARGETS):
        return Target(make_conninfo(application_name=name), "libpq's environment variables")
    conninfo = embedded_conninfo(StateSettings().home)
    return Target(conninfo, "the embedded server").with_(application_name=name)


def replica(settings: DatabaseSettings | None = None) -> Target:
    """The server that is read from: the replica where one is set, else the primary."""
    settings = settings or DatabaseSettings()
    if not settings.read_database_url:
        return primary(settings)
    url = settings.read_database_url.get_secret_value()
    return _parsed(url, "WAREHOUSE_READ_DATABASE_URL").with_(
        application_name=settings.application_name
    )


def _parsed(url: str, origin: str) -> Target:
    # SQLAlchemy's `postgresql+driver://` is what many people have at hand.
    scheme, separator, rest = url.partition("://")
    conninfo = f"{scheme.partition('+')[0]}://{rest}" if separator else url
    try:
        conninfo_to_dict(conninfo)
    except ProgrammingError as error:
        raise ConnectionFailed(
            f"{origin} is no connection string: {str(error).strip()}. "
            "It looks like postgresql://user:password@host:5432/database."
        ) from error
    return Target(conninfo, origin)
