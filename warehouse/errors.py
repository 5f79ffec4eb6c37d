"""The one tree of errors; a docstring is the message unless the raiser says more.

A message says what happened, what was kept, and what to do next.
"""


class WarehouseError(Exception):
    """The warehouse could not do what was asked."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__doc__)


class ServerError(WarehouseError):
    """The embedded PostgreSQL could not be run."""


class BusyError(WarehouseError):
    """Another run of the same command is under way; wait for it, or stop it first."""


class DatabaseError(WarehouseError):
    """The database refused."""

    def __init__(
        self,
        message: str | None = None,
        *,
        sqlstate: str | None = None,
        table: str | None = None,
        column: str | None = None,
        constraint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate
        self.table = table
        self.column = column
        self.constraint = constraint
        self.recorded = False  # set by the edge that logged and counted it, so that it does so once


class ConstraintError(DatabaseError):
    """A row breaks a rule of its table; nothing of the statement was kept."""


class ConnectionFailed(DatabaseError):
    """The server could not be reached, or hung up; what was not committed is gone. Try again."""


class DataError(DatabaseError):
    """A value does not fit its column; nothing of the statement was kept."""


class StatementError(DatabaseError):
    """The server could not run the statement."""


class StaleRow(ConstraintError):
    """Someone else changed the row since it was read; read it again and repeat the change."""


class PoolExhausted(ConnectionFailed):
    """Every connection is in use and none came back in time; nothing was sent. Try again later."""


class OutcomeUnknown(ConnectionFailed):
    """The connection was lost while committing: the change may or may not be kept. Look, then repeat."""


class ReadOnly(StatementError):
    """A read session was asked to write; nothing was changed. Write in a write session."""


class PrivilegeMissing(StatementError):
    """The login lacks a right that this needs."""


class SchemaVersionError(WarehouseError):
    """The database is not at the version of this code."""
