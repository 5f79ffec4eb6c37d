"""Which server: WAREHOUSE_DATABASE_URL, else libpq's variables, else the embedded one."""

import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import Conninfo

from warehouse.embedded import embedded_conninfo
from warehouse.errors import ConnectionFailed
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

    def environment(self) -> dict[str, str]:
        """The same server as libpq's variables, for psql and dbt: no password in a process list."""
        variables = {
            option.keyword.decode(): option.envvar.decode()
            for option in Conninfo.get_defaults()
            if option.envvar
        }
        return {
            variables[keyword]: str(value)
            for keyword, value in self.keywords().items()
            if keyword in variables
        }

    def url(self, *, secret: bool = True) -> str:
        """The same server as a URL, which every client takes; without its password if asked."""
        rest = self.keywords()
        rest.pop("application_name", None)
        host, port = rest.pop("host", ""), rest.pop("port", "")
        user, password = rest.pop("user", ""), rest.pop("password", "")
        database = rest.pop("dbname", "")
        login = quote(user, "") + (f":{quote(password, '')}" if password and secret else "")
        place = f"{host}:{port}" if port else str(host)
        query = f"?{urlencode(rest, quote_via=quote)}" if rest else ""
        return f"postgresql://{login}{'@' if login else ''}{place}/{quote(database, '')}{query}"

    def with_(self, **keywords: Any) -> "Target":
        """The same server by other keywords: another database, role or application name."""
        return Target(make_conninfo(self.conninfo, **keywords), self.origin)


def is_embedded(settings: DatabaseSettings | None = None) -> bool:
    """Whether the environment names no server, so that ours is meant."""
    named = (settings or DatabaseSettings()).database_url
    return not named and not any(os.environ.get(variable) for variable in LIBPQ_TARGETS)


def primary(settings: DatabaseSettings | None = None) -> Target:
    """The server that is written to."""
    settings = settings or DatabaseSettings()
    name = settings.application_name
    if settings.database_url:
        return _parsed(settings.database_url.get_secret_value(), "WAREHOUSE_DATABASE_URL").with_(
            application_name=name
        )
    if is_embedded(settings):
        conninfo = embedded_conninfo(StateSettings().home)
        return Target(conninfo, "the embedded server").with_(application_name=name)
    return Target(make_conninfo(application_name=name), "libpq's environment variables")


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
