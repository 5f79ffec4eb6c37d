"""Schema ops, partitions: how tables are cut, what was done to them, and where the old pieces are."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Integer, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from warehouse.models.audit import digests
from warehouse.models.base import (
    Base,
    Versioned,
    check,
    choice,
    column,
    defaulted,
    identity,
    non_negative,
    one_of,
    table,
)
from warehouse.models.ops.runs import Run, run_checks

QUALIFIED = "~ '^[^.]+[.][^.]+$'"  # schema.table, as pg_partman names a parent


class PartitionInterval(StrEnum):
    """A `Partitioning.interval` in upper case is a name here; pg_partman reads the value as interval."""

    HOUR = "1 hour"
    DAY = "1 day"
    WEEK = "1 week"
    MONTH = "1 month"
    QUARTER = "3 months"
    YEAR = "1 year"


class AutomaticMaintenance(StrEnum):
    ON = "on"
    OFF = "off"


class PartitionStep(StrEnum):
    CREATE = "create"
    ATTACH = "attach"
    FINALIZE = "finalize"  # a detach that an earlier run left pending
    ARCHIVE = "archive"
    VERIFY = "verify"
    DROP_KEY = "drop_key"  # the foreign key of a detached child, before its parent's partition goes
    DETACH = "detach"
    MOVE = "move"  # to the retention schema
    DROP = "drop"
    RESTORE = "restore"
    INDEX = "index"
    DROP_INDEX = "drop_index"
    ADOPT = "adopt"


class ArchiveState(StrEnum):
    WRITING = "writing"
    WRITTEN = "written"
    VERIFIED = "verified"
    RESTORED = "restored"
    SUPERSEDED = "superseded"  # the restored partition was written to, and archived anew
    FAILED = "failed"


class PartitionPolicy(Versioned, Base):
    """The columns of pg_partman 5's part_config that differ from table to table here.

    The others are fixed, and `export-partman` writes them so: partition_type 'range'; epoch 'none'
    and no time encoder or decoder (control is a timestamptz); no template table, constraint_cols
    or sub-partitions; default_table false, so ignore_default_data means nothing; inherit_privileges
    and jobmon false; constraint_valid true; undo_in_progress false. Its retention goes out as null.
    """

    __tablename__ = "partition_policy"
    __table_args__ = table(
        "ops",
        "How tables are cut by time, in pg_partman's words. One row per partitioned table.",
        check("parent_table_qualified", f"parent_table {QUALIFIED}"),
        one_of("partition_interval", PartitionInterval),
        one_of("automatic_maintenance", AutomaticMaintenance),
        check("premake_positive", "premake > 0"),
        # The cast refuses what is no interval at all; the comparison what would retire the present.
        check("retention_positive", "retention::interval > interval '0'"),
        check("retention_schema_named", "retention_schema <> ''"),
    )

    parent_table: Mapped[str] = column("Table, as schema.table.", primary_key=True)
    control: Mapped[str] = column("Column it is cut by.")
    partition_interval: Mapped[PartitionInterval] = choice(
        "Span of one partition.", PartitionInterval
    )
    premake: Mapped[int] = column(
        "Partitions to keep ready ahead of now.", Integer, server_default=text("4")
    )
    automatic_maintenance: Mapped[AutomaticMaintenance] = choice(
        "Whether a run without a table's name sees to it.",
        AutomaticMaintenance,
        server_default=text("'on'"),
    )
    retention: Mapped[str | None] = column(
        "Age, as an interval, past which a partition is retired if its gates are open; null = never."
    )
    retention_schema: Mapped[str | None] = column(
        "Schema that retired partitions move to; null = they stay or go as retention_keep_table says."
    )
    retention_keep_table: Mapped[bool] = defaulted(
        "Whether a retired partition stays as a table of its own.", "true"
    )
    retention_keep_index: Mapped[bool] = defaulted(
        "Whether a partition that stays keeps its indexes.", "true"
    )
    retention_keep_publication: Mapped[bool] = defaulted(
        "Whether a partition that stays stays in its publications.", "false"
    )
    infinite_time_partitions: Mapped[bool] = defaulted(
        "Whether partitions are made ahead also where no rows come in.", "true"
    )
    datetime_string: Mapped[str] = column(
        "to_char pattern of the partitions' suffix: YYYYMMDD, below a day YYYYMMDD_HH24MISS."
    )
    date_trunc_interval: Mapped[str | None] = column(
        "Unit that bounds start on where the interval alone does not say; of an adopted set."
    )
    maintenance_order: Mapped[int | None] = column("Lower is seen to first; null = last.", Integer)
    maintenance_last_run: Mapped[datetime | None] = column(
        "When pg_partman last saw to it; what was done here, ops.partition_runs says."
    )


class PartitionRun(Run, Base):
    __tablename__ = "partition_runs"
    __table_args__ = table(
        "ops",
        "What was done to partitions. One row per step of a plan.",
        UniqueConstraint("plan_id", "step_no"),
        one_of("step", PartitionStep),
        check("parent_table_qualified", f"parent_table {QUALIFIED}"),
        check("attempts_non_negative", "attempts >= 0"),
        *run_checks(),
        *non_negative("lock_wait_ms", "lock_held_ms"),
        Index(None, "parent_table", "partition_run_id"),
    )

    partition_run_id: Mapped[int] = identity("Key of the step.")
    plan_id: Mapped[UUID] = column("Plan it belongs to: one run of apply.")
    step_no: Mapped[int] = column("Place in the plan.", Integer)
    parent_table: Mapped[str] = column("Table, as schema.table.")
    partition_name: Mapped[str] = column("Partition it is about, as schema.table.")
    step: Mapped[PartitionStep] = choice("What was to be done.", PartitionStep)
    attempts: Mapped[int] = column("How often it was tried.", Integer, server_default=text("0"))
    lock_wait_ms: Mapped[float | None] = column("Time it waited for locks, all attempts together.")
    lock_held_ms: Mapped[float | None] = column("Time it held its strongest lock.")
    event_id: Mapped[int | None] = column(
        "Audit event of the step; refers to audit.events.event_id."
    )


class Archive(Versioned, Base):
    __tablename__ = "archives"
    __table_args__ = table(
        "ops",
        "Partitions kept as Parquet files. One row per archive that was made.",
        one_of("state", ArchiveState),
        check("parent_table_qualified", f"parent_table {QUALIFIED}"),
        check("range_order", "range_from < range_to"),
        check("row_count_sense", "row_count >= 0"),
        check(
            "written_whole",
            "state in ('writing', 'failed')"
            " or num_nulls(manifest, file_hashes, row_count, byte_count) = 0",
        ),
        check(
            "verified",
            "state not in ('verified', 'restored', 'superseded') or verified_at is not null",
        ),
        check("restored", "state <> 'restored' or restored_at is not null"),
        check("failure_told", "state <> 'failed' or error is not null"),
        *digests("audit_root"),
        # A restored partition keeps its archive, so that it is not archived again.
        Index(
            "archives_living_key",
            "parent_table",
            "partition_name",
            unique=True,
            postgresql_where=text("state not in ('superseded', 'failed')"),
        ),
    )

    archive_id: Mapped[int] = identity("Key of the archive.")
    parent_table: Mapped[str] = column("Table, as schema.table.")
    partition_name: Mapped[str] = column("Partition that was archived, as schema.table.")
    range_from: Mapped[datetime] = column("First moment it holds.")
    range_to: Mapped[datetime] = column("End of what it holds, exclusive.")
    location: Mapped[str] = column("URL of the folder the files are in.")
    manifest: Mapped[dict[str, Any] | None] = column(
        "What the files hold: schema, columns, counts, min and max; null while writing.",
        JSONB(none_as_null=True),
    )
    file_hashes: Mapped[dict[str, Any] | None] = column(
        "SHA-256 of each file, hex, by its name; null while writing.", JSONB(none_as_null=True)
    )
    row_count: Mapped[int | None] = column("Rows in it; null while writing.")
    byte_count: Mapped[int | None] = column("Size of its files; null while writing.")
    audit_root: Mapped[bytes | None] = column(
        "Root of the sealed log when it was written; null where nothing was sealed."
    )
    state: Mapped[ArchiveState] = choice("How far it is.", ArchiveState)
    error: Mapped[str | None] = column("Why it failed.")
    verified_at: Mapped[datetime | None] = column("When it was last read back and found equal.")
    restored_at: Mapped[datetime | None] = column("When its rows were attached again.")
