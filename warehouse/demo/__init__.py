"""A data set that looks like a market and is the same for everyone: same seed, scale and last day, same rows."""

from warehouse.demo.scale import DEFAULT_SEED, DEFAULT_UNTIL, ScaleName

__all__ = ["DEFAULT_SEED", "DEFAULT_UNTIL", "ScaleName"]
