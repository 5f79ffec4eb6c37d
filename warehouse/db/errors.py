"""Turns what the driver and SQLAlchemy raise into the classes of warehouse.errors, in plain words.

Where a session ends, the error is logged and counted, once; on its way there it is only translated.
"""

import logging
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

import psycopg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import StatementError as WrappedError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from warehouse.errors import (
    ConnectionFailed,
    ConstraintError,
    DatabaseError,
    DataError,
    PoolExhausted,
    ReadOnly,
    StaleRow,
    StatementError,
)

Found = TypeVar("Found")

logger = logging.getLogger(__name__)

CLASSES: Mapping[str, type[DatabaseError]] = {
    "constraint": ConstraintError,
    "connection": ConnectionFailed,
    "data": DataError,
    "statement": StatementError,
}

# By SQLSTATE, or the start of one; the longest that fits wins, and the rest are statement errors.
BY_SQLSTATE: Mapping[str, type[DatabaseError]] = {
    "08": ConnectionFailed,
    "22": DataError,
    "23": ConstraintError,
    "25006": ReadOnly,
    "25P03": ConnectionFailed,  # idle in transaction too long: the server hangs up
    "25P04": ConnectionFailed,  # transaction too long (17 and later): the server hangs up
    "28": ConnectionFailed,
    "40002": ConstraintError,  # a deferred constraint at commit
    "44": ConstraintError,  # a view's check option
    "53300": ConnectionFailed,  # too many connections
    "57P": ConnectionFailed,  # shut down, crashed, starting up, dropped, idle too long
}

# What mends a connection, by a word of what the driver or the server said.
CURES: Mapping[str, str] = {
    "password": "Check user and password in the connection string, or the server's pg_hba.conf.",
    "pg_hba": "Check user and password in the connection string, or the server's pg_hba.conf.",
    "does not exist": "Create it, or correct the name in the connection string.",
    "refused": "Start the server, or correct host and port; `warehouse up` starts the embedded one.",
    "resolve": "Correct the host's name in the connection string.",
    "timeout": "Check the host, and that no firewall stands between.",
}

UNKNOWN_CURE = "Check the connection string; `warehouse doctor` looks at the rest."

# What breaks a constraint, by SQLSTATE. Since 18 RESTRICT has a state of its own, 23001.
BROKEN: Mapping[str, str] = {
    "23001": "{table} still has rows that others refer to ({constraint}): {detail}",
    "23502": "{table}.{column} must have a value",
    "23503": "{table} refers to a row that is not there, or is referred to itself ({constraint}): {detail}",
    "23505": "{table} already has a row like this ({constraint}): {detail}",
    "23514": "A row of {table} breaks its rule {constraint}",
    "23P01": "A row of {table} overlaps another ({constraint}): {detail}",
}

# What to do next, by SQLSTATE or the start of one.
NEXT: Mapping[str, str] = {
    "40": "The transaction was rolled back; repeat it.",
    "42501": "Connect as a login that has the right; `warehouse roles ensure` makes the roles.",
    "42703": "If the database is behind this code, run `warehouse migrate`.",
    "42883": "If the database is behind this code, run `warehouse migrate`.",
    "42P01": "If the database is behind this code, run `warehouse migrate`.",
    "3F": "If the database is behind this code, run `warehouse migrate`.",
    "53100": "Free space on the server's disk and repeat it.",
    "55P03": "Someone holds the lock; repeat it later.",
    "57014": "It was cancelled, or ran past statement_timeout; ask for less, or allow more time.",
}

RAISED = (psycopg.Error, SQLAlchemyError)


def translate(error: Exception) -> Exception:
    """Our error for what the driver or SQLAlchemy raised; whatever else comes back as it is."""
    match error:
        case StaleDataError():
            return _stale(error)
        case PoolTimeout():
            return PoolExhausted()
        case WrappedError(orig=psycopg.Error() as cause):
            return _from_driver(cause)
        case WrappedError():
            return StatementError(f"The statement could not be made: {error.orig}")
        case psycopg.Error():
            return _from_driver(error)
    return error


@contextmanager
def translated() -> Iterator[None]:
    """What the driver or SQLAlchemy raises inside leaves as one of ours."""
    try:
        yield
    except RAISED as error:
        ours = translate(error)
        if ours is error:
            raise
        raise ours from error


@contextmanager
def at_edge() -> Iterator[None]:
    """Translate what leaves, and log and count it unless an edge further in already did."""
    try:
        with translated():
            yield
    except DatabaseError as error:
        _record(error)
        raise


# -- counting --------------------------------------------------------------------------------------

_counts: Counter[str] = Counter()
_counting = Lock()


def error_counts() -> dict[str, int]:
    """How many errors left this process's sessions, by class."""
    with _counting:
        return {name: _counts[name] for name in CLASSES}


def _record(error: DatabaseError) -> None:
    if error.recorded:
        return
    error.recorded = True
    name = next((n for n, c in CLASSES.items() if isinstance(error, c)), "statement")
    with _counting:
        _counts[name] += 1
    logger.error("%s error (SQLSTATE %s): %s", name, error.sqlstate or "none", error)


# -- wording ---------------------------------------------------------------------------------------


def _from_driver(error: psycopg.Error) -> DatabaseError:
    state = error.sqlstate or _state_of_driver(error)
    if state is None and isinstance(error, psycopg.OperationalError):
        kind: type[DatabaseError] = ConnectionFailed
    elif state is None and isinstance(error, psycopg.DataError):
        kind = DataError
    else:
        kind = _longest(BY_SQLSTATE, state or "") or StatementError
    found = error.diag
    table = ".".join(n for n in (found.schema_name, found.table_name) if n) or None
    return kind(
        _message(kind, error, state, table),
        sqlstate=state,
        table=table,
        column=found.column_name,
        constraint=found.constraint_name,
    )


def _state_of_driver(error: psycopg.Error) -> str | None:
    """The SQLSTATE libpq keeps to itself: only a result carries one, a lost connection has none.

    A server that answers FATAL has refused: it will again, unless it was only starting or stopping.
    """
    if isinstance(error, psycopg.InterfaceError):
        return "08003" if "closed" in str(error) else None
    if not isinstance(error, psycopg.OperationalError):
        return None
    if re.search(r"database system is (starting up|shutting down|in recovery)", str(error)):
        return "57P03"
    if "FATAL" in str(error):
        return None
    unreached = error.pgconn or "failed to resolve" in str(error)
    return "08001" if unreached else "08006"


def _message(
    kind: type[DatabaseError], error: psycopg.Error, state: str | None, table: str | None
) -> str:
    text = _sentence(" ".join((error.diag.message_primary or str(error)).split()))
    kept = "Nothing of the statement was kept."
    if issubclass(kind, ConnectionFailed):
        return _disconnected(text, lost=state not in {None, "08001"})
    if issubclass(kind, ConstraintError):
        return f"{_broken(error, state, table) or text} {kept}"
    if issubclass(kind, DataError):
        where = f" in {table}.{error.diag.column_name}" if error.diag.column_name else ""
        return f"A value does not fit{where}: {text} {kept}"
    if issubclass(kind, ReadOnly):
        return f"Nothing can be written here: {text} Use a write session, and no replica."
    hints = (_sentence(h) for h in (error.diag.message_hint, _longest(NEXT, state or "")) if h)
    return " ".join((f"The server could not run the statement: {text}", *hints))


def _disconnected(text: str, *, lost: bool) -> str:
    gone = " What was not committed is gone." if lost else ""
    about_roles = "role" in text and "warehouse_" in text
    step = "Run `warehouse roles ensure`." if about_roles else cure_of_connection(text)
    return f"{text}{gone} {step}"


def cure_of_connection(text: str) -> str:
    """What most likely mends a connection that failed with these words."""
    return next(
        (cure for sign, cure in CURES.items() if sign in text), "`warehouse doctor` says more."
    )


def _broken(error: psycopg.Error, state: str | None, table: str | None) -> str | None:
    found = error.diag
    template = BROKEN.get(state or "")
    if not table or not template:
        return None
    if state == "23514" and not found.constraint_name:
        return f"{table} has no partition for a row; make it with `warehouse partitions apply`."
    # The detail of the other states is the whole row, which does not belong in a log.
    words = template.format(
        table=table,
        column=found.column_name,
        constraint=found.constraint_name,
        detail=found.message_detail,
    )
    return _sentence(words)


def _stale(error: StaleDataError) -> StaleRow:
    named = re.search(r"on table '([^']+)'", str(error))
    if not named:
        return StaleRow()
    return StaleRow(
        f"Someone else changed the row of {named[1]} since it was read; nothing of the transaction "
        "was kept. Read it again and repeat the change.",
        table=named[1],
    )


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _longest(by_state: Mapping[str, Found], state: str) -> Found | None:
    fitting = (by_state[state[:n]] for n in (5, 3, 2) if state[:n] in by_state)
    return next(fitting, None)
