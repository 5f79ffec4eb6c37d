"""Where randomness comes from: one independent stream per seed, step and key, in no order of use.

A step draws the same whether the steps before it ran in this process, in an earlier one or not at all.
"""

from zlib import crc32

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence


def stream(seed: int, step: str, *keys: int) -> Generator:
    """The generator of a step, or of one instrument (and day) in it."""
    return np.random.Generator(PCG64(SeedSequence(seed, spawn_key=(crc32(step.encode()), *keys))))
