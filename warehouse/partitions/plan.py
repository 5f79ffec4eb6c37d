"""What is missing: from a policy and the partitions there are to the steps that make the rest. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from warehouse.errors import WarehouseError
from warehouse.models.base import Interval
from warehouse.partitions.naming import Bounds, floor, following, partition_name, windows


class PartitionConflict(WarehouseError):
    """A partition stands across the bounds of another that is needed."""


@dataclass(frozen=True)
class Policy:
    """How one table is partitioned; a row of ops.partition_policy."""

    parent: str
    control: str
    interval: Interval
    premake: int

    @property
    def schema(self) -> str:
        return self.parent.partition(".")[0]

    @property
    def table(self) -> str:
        return self.parent.partition(".")[2]


@dataclass(frozen=True)
class Partition:
    """A partition that exists."""

    name: str
    bounds: Bounds


@dataclass(frozen=True)
class Create:
    """Make one partition."""

    policy: Policy
    name: str
    bounds: Bounds


def missing(
    policy: Policy, existing: Collection[Partition], start: datetime, end: datetime
) -> list[Create]:
    """The partitions that [start, end) needs and that do not stand yet."""
    return [
        Create(policy, partition_name(policy.table, bounds, policy.interval), bounds)
        for bounds in windows(start, end, policy.interval)
        if not _covered(policy, bounds, existing)
    ]


def ahead(policy: Policy, existing: Collection[Partition], now: datetime) -> list[Create]:
    """The current partition, `premake` more, and whatever gap lies before them."""
    start = floor(now, policy.interval)
    end = start
    for _ in range(policy.premake + 1):
        end = following(end, policy.interval)
    earliest = min((p.bounds.start for p in existing), default=start)
    return missing(policy, existing, min(start, earliest), end)


def _covered(policy: Policy, bounds: Bounds, existing: Collection[Partition]) -> bool:
    for partition in existing:
        there = partition.bounds
        if there.start <= bounds.start and bounds.end <= there.end:
            return True
        if there.start < bounds.end and bounds.start < there.end:
            raise PartitionConflict(
                f"{policy.schema}.{partition.name} holds [{there.start:%Y-%m-%d %H:%M}, "
                f"{there.end:%Y-%m-%d %H:%M}), which crosses the {policy.interval} from "
                f"{bounds.start:%Y-%m-%d %H:%M}. Nothing was made; detach that partition, "
                "or set the policy's interval to match it."
            )
    return False
