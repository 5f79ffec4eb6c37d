"""Range partitions by time: how they are named, which are missing, and how they are made."""

from warehouse.partitions.apply import ensure

__all__ = ["ensure"]
