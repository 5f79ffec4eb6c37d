"""Partitions as Parquet files, and back."""

from warehouse.partitions.archive.make import archive
from warehouse.partitions.archive.records import Archive
from warehouse.partitions.archive.restore import restore
from warehouse.partitions.archive.verify import holds, verify

__all__ = ["Archive", "archive", "holds", "restore", "verify"]
