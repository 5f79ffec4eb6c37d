"""Schema ops: what runs the warehouse."""

from warehouse.models.ops.ingest import (
    BatchState,
    DataQualityFinding,
    IngestBatch,
    IngestKind,
    IngestMode,
    IngestReject,
    InstrumentDataStatus,
    QualityCheck,
    Resolution,
    Severity,
)
from warehouse.models.ops.jobs import Job, JobRun, JobState, SystemConfig
from warehouse.models.ops.keys import ApiGrant, ApiKey, Scope
from warehouse.models.ops.logs import LogLevel, PerformanceLog, SystemLog
from warehouse.models.ops.partitions import (
    Archive,
    ArchiveState,
    AutomaticMaintenance,
    PartitionInterval,
    PartitionPolicy,
    PartitionRun,
    PartitionStep,
)
from warehouse.models.ops.refresh import (
    Cursor,
    Environment,
    Generation,
    RefreshKind,
    RefreshRun,
    Rollup,
    ScopeKey,
    ScopeMode,
)
from warehouse.models.ops.runs import RunState

__all__ = [
    "ApiGrant",
    "ApiKey",
    "Archive",
    "ArchiveState",
    "AutomaticMaintenance",
    "BatchState",
    "Cursor",
    "DataQualityFinding",
    "Environment",
    "Generation",
    "IngestBatch",
    "IngestKind",
    "IngestMode",
    "IngestReject",
    "InstrumentDataStatus",
    "Job",
    "JobRun",
    "JobState",
    "LogLevel",
    "PartitionInterval",
    "PartitionPolicy",
    "PartitionRun",
    "PartitionStep",
    "PerformanceLog",
    "QualityCheck",
    "RefreshKind",
    "RefreshRun",
    "Resolution",
    "Rollup",
    "RunState",
    "Scope",
    "ScopeKey",
    "ScopeMode",
    "Severity",
    "SystemConfig",
    "SystemLog",
]
