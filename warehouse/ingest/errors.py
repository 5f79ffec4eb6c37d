"""What can go wrong with a load as a whole; what is wrong with a row is a reject."""

from warehouse.errors import WarehouseError


class IngestError(WarehouseError):
    """The load could not be done; nothing of it was kept."""


class BadFile(IngestError):
    """The file cannot be read; nothing of it was kept."""


class BadMapping(IngestError):
    """The mapping does not fit the kind; nothing was read."""


class TooManyRejects(IngestError):
    """More rows were rejected than --max-rejects allows; none was kept."""
