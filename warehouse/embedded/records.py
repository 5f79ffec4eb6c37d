"""What an embedded server's home remembers: the port, the version and the password."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from psycopg.conninfo import make_conninfo

from warehouse.embedded.failures import in_plain_words
from warehouse.errors import ServerError

HOST = "127.0.0.1"
SUPERUSER = "warehouse"
DATABASE = "warehouse"


@dataclass(frozen=True)
class Record:
    """How the server was last started; `chosen` says that the port was ours to pick."""

    port: int
    chosen: bool
    version: str


def embedded_conninfo(home: Path) -> str:
    """The connection string of the server made in that home; starts nothing."""
    with in_plain_words(home):
        record = recorded(home)
        if record is None:
            raise ServerError(
                "There is no server yet: run `make up`, or set WAREHOUSE_DATABASE_URL or PGHOST."
            )
        return conninfo(record.port, password(home))


def conninfo(port: int, password: str, database: str = DATABASE) -> str:
    """The connection string of a database of the server."""
    return make_conninfo(host=HOST, port=port, user=SUPERUSER, password=password, dbname=database)


def recorded(home: Path) -> Record | None:
    """What was last recorded, or None where no server was made."""
    try:
        return Record(**json.loads(_record_file(home).read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise ServerError(
            f"{_record_file(home)} cannot be read: remove it, and `make up` writes it anew."
        ) from error


def record(home: Path, entry: Record) -> None:
    """Remember how the server is started."""
    _replace(_record_file(home), json.dumps(asdict(entry)) + "\n", mode=0o644)


def password(home: Path) -> str:
    """The superuser's password."""
    try:
        return _password_file(home).read_text().strip()
    except FileNotFoundError as error:
        raise ServerError(
            f"The server's password file {_password_file(home)} is gone: put it back, or run "
            "`make clean` and `make up` for a new, empty server."
        ) from error


def new_password(home: Path) -> str:
    """Draw a password for a server about to be made, and keep it where only the caller reads it."""
    drawn = secrets.token_urlsafe(24)
    _replace(_password_file(home), drawn + "\n", mode=0o600)
    return drawn


def forget(home: Path) -> None:
    """Remove the records: there is no server any more."""
    _record_file(home).unlink(missing_ok=True)
    _password_file(home).unlink(missing_ok=True)


def _record_file(home: Path) -> Path:
    return home / "server.json"


def _password_file(home: Path) -> Path:
    return home / "server.password"


def _replace(path: Path, text: str, mode: int) -> None:
    """Write a file whole or not at all."""
    begun = path.with_name(path.name + ".new")
    begun.unlink(missing_ok=True)
    handle = os.open(begun, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    begun.replace(path)
