"""The steps of archiving and restoring, as the ledger enters them."""

from dataclasses import dataclass

from warehouse.models.ops import PartitionStep
from warehouse.partitions.plan import Attach, Step


@dataclass(frozen=True)
class Keep(Step):
    """Write a partition to files."""

    kind = PartitionStep.ARCHIVE


@dataclass(frozen=True)
class Verify(Step):
    """Read an archive's files back."""

    kind = PartitionStep.VERIFY


@dataclass(frozen=True)
class Restore(Attach):
    """Bring a partition back from its files."""

    kind = PartitionStep.RESTORE
