"""What can go wrong between a partition and its files."""

from warehouse.errors import WarehouseError


class ArchiveError(WarehouseError):
    """A partition could not be archived or brought back."""


class UnknownArchive(ArchiveError):
    """There is no such archive."""


class UnknownPartition(ArchiveError):
    """There is no such partition."""


class Misfit(ArchiveError):
    """A column holds something else than its sample promised; nothing was kept."""


class ArchiveFailed(ArchiveError):
    """An archive could not be written; the partition is as it was."""


class ArchiveDamaged(ArchiveError):
    """A file of an archive is not what was written."""


class PartitionChanged(ArchiveError):
    """A partition holds other rows than its archive."""


class PartitionStands(ArchiveError):
    """A partition is there already."""


class ColumnsChanged(ArchiveError):
    """A table's columns no longer fit an archive of it."""
