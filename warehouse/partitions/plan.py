"""What is to be done to partitions: the words of a plan, and the steps that make what is missing. Pure."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, NamedTuple

from warehouse.errors import WarehouseError
from warehouse.models.base import Interval
from warehouse.models.ops import PartitionStep
from warehouse.partitions.naming import Bounds, floor, following, partition_name, windows


class PartitionConflict(WarehouseError):
    """A partition stands across the bounds of another that is needed."""


# -- what there is ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Policy:
    """How one table is partitioned; a row of ops.partition_policy."""

    parent: str
    control: str
    interval: Interval
    premake: int
    retention: str | None = None
    retention_schema: str | None = None
    retention_keep_table: bool = True
    retention_keep_index: bool = True
    retention_keep_publication: bool = False
    infinite_time_partitions: bool = True
    automatic_maintenance: bool = True

    @property
    def schema(self) -> str:
        return self.parent.partition(".")[0]

    @property
    def table(self) -> str:
        return self.parent.partition(".")[2]


@dataclass(frozen=True)
class Partition:
    """A partition that exists; pending: a detach of it was begun, its rows are out of sight."""

    name: str
    bounds: Bounds
    pending: bool = False


# -- what is to be done ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One thing to do to one partition, in a short transaction of its own."""

    kind: ClassVar[PartitionStep]
    policy: Policy
    name: str
    bounds: Bounds

    @property
    def partition(self) -> str:
        """The partition as schema.table, where it is or was attached."""
        return f"{self.policy.schema}.{self.name}"

    def __str__(self) -> str:
        return f"{self.kind} {self.partition} {said(self.bounds)}"


@dataclass(frozen=True)
class Create(Step):
    """Make one partition."""

    kind = PartitionStep.CREATE


@dataclass(frozen=True)
class Attach(Step):
    """Make a partition of a table that stands by itself."""

    kind = PartitionStep.ATTACH
    home: str = ""  # the schema it stands in


@dataclass(frozen=True)
class Finalize(Step):
    """End a detach that an earlier run left pending."""

    kind = PartitionStep.FINALIZE


@dataclass(frozen=True)
class Detach(Step):
    """Make a partition a table of its own."""

    kind = PartitionStep.DETACH
    concurrently: bool = True


@dataclass(frozen=True)
class DropKey(Step):
    """Drop a detached table's key to a partitioned table, so that the other side can follow."""

    kind = PartitionStep.DROP_KEY
    key: str = ""


@dataclass(frozen=True)
class DropIndexes(Step):
    """Drop the indexes of a detached table; those of its keys stay."""

    kind = PartitionStep.DROP_INDEX
    home: str = ""


@dataclass(frozen=True)
class Move(Step):
    """Move a detached table to the retention schema."""

    kind = PartitionStep.MOVE
    schema: str = ""


@dataclass(frozen=True)
class Drop(Step):
    """Drop a detached table."""

    kind = PartitionStep.DROP
    home: str = ""


class Gate(StrEnum):
    """What can stand in the way of retiring a partition."""

    HOLD = "legal hold"
    ROLLUP = "rollup"
    ARCHIVE = "archive"
    SEAL = "seal"
    RESTORED = "restored"
    SET = "set"  # the other tables that it rotates with


class Reason(NamedTuple):
    """Why a partition stays."""

    gate: Gate
    text: str


@dataclass(frozen=True)
class Blocked:
    """A partition that is due and stays, and the gate that stands in the way."""

    parent: str
    partition: str
    gate: Gate
    reason: str


@dataclass(frozen=True)
class Problem:
    """A table that the plan had to leave out, and what to do about it."""

    parent: str
    message: str


@dataclass(frozen=True)
class Plan:
    """Everything that the policies ask for, in the order to do it."""

    steps: Sequence[Step] = ()
    blocked: Sequence[Blocked] = ()
    problems: Sequence[Problem] = ()


# -- what is missing -------------------------------------------------------------------------------


def missing(
    policy: Policy, existing: Collection[Partition], start: datetime, end: datetime
) -> list[Create]:
    """The partitions that [start, end) needs and that do not stand yet."""
    if start >= end:
        return []
    return _fill(policy, existing, floor(start, policy.interval), end)


def ahead(
    policy: Policy,
    existing: Collection[Partition],
    now: datetime,
    newest: datetime | None = None,
    apart: Collection[str] = (),
    retired: Callable[[Bounds], bool] = lambda _: False,
) -> list[Create]:
    """The current partition, `premake` more, and whatever gap lies before them.

    Without infinite_time_partitions "current" is where the newest row is, not where the clock is.
    What is `retired` is no gap, nor is what lies before the first partition but for those `apart`.
    """
    current = floor(now if policy.infinite_time_partitions else newest or now, policy.interval)
    end = current
    for _ in range(policy.premake + 1):
        end = following(end, policy.interval)
    earliest = min((p.bounds.start for p in existing if p.name not in apart), default=current)
    return _fill(policy, existing, min(current, earliest), end, retired)


def _fill(
    policy: Policy,
    existing: Collection[Partition],
    start: datetime,
    end: datetime,
    retired: Callable[[Bounds], bool] = lambda _: False,
) -> list[Create]:
    ordered = sorted(existing, key=lambda partition: partition.bounds)
    return [
        Create(policy, partition_name(policy.table, bounds, policy.interval), bounds)
        for gap in _gaps(ordered, start, end)
        for bounds in _cut(policy, gap, ordered, retired)
    ]


def _gaps(ordered: Sequence[Partition], start: datetime, end: datetime) -> Iterator[Bounds]:
    """The stretches of [start, end) that no partition holds; one pass, however many there are."""
    reached = start
    for there in (partition.bounds for partition in ordered):
        if there.start >= end:
            break
        if reached < there.start:
            yield Bounds(reached, there.start)
        reached = max(reached, there.end)
    if reached < end:
        yield Bounds(reached, end)


def _cut(
    policy: Policy, gap: Bounds, ordered: Sequence[Partition], retired: Callable[[Bounds], bool]
) -> Iterator[Bounds]:
    for bounds in windows(gap.start, gap.end, policy.interval):
        if retired(bounds):
            continue
        crossing = None
        if bounds.start < gap.start or bounds.end > gap.end:
            crossing = next((p for p in ordered if overlap(p.bounds, bounds)), None)
        if crossing:
            raise _crossed(policy, crossing, bounds)
        yield bounds


def overlap(one: Bounds, other: Bounds) -> bool:
    """Whether two windows share a moment."""
    return one.start < other.end and other.start < one.end


def _crossed(policy: Policy, there: Partition, wanted: Bounds) -> PartitionConflict:
    return PartitionConflict(
        f"{policy.schema}.{there.name} holds {said(there.bounds)}, which crosses the "
        f"{policy.interval} from {wanted.start:%Y-%m-%d %H:%M}. Nothing was made; detach that "
        f"partition, or set an interval that fits: warehouse partitions set {policy.parent} --interval …"
    )


def said(bounds: Bounds) -> str:
    """A window in words: [2026-01-01 00:00, 2026-02-01 00:00)."""
    return f"[{bounds.start:%Y-%m-%d %H:%M}, {bounds.end:%Y-%m-%d %H:%M})"
