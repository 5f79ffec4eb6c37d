"""Random series of the kinds that break indicators, the same in every run."""

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FIRST_DAY = date(2020, 1, 1)


def days(count: int) -> list[date]:
    return [FIRST_DAY + timedelta(days=n) for n in range(count)]


def prices(seed: int, count: int) -> Iterator[Floats]:
    """Closes with four decimals: walks, calm and wild; flat; stepped; up or down only; one jump.

    All within a thousandfold of the start: TA-Lib's rolling sums keep a residue of the largest price.
    """
    draw = np.random.default_rng(seed)
    for number in range(count):
        length = int(draw.integers(1, 420 if number % 10 == 0 else 70))
        moves = draw.normal(0, draw.choice([0.0005, 0.02, 0.2]), length)
        match number % 7:
            case 2:
                moves[:] = 0
            case 3:
                moves *= draw.random(length) < 0.1
            case 4:
                moves = abs(moves) + 0.001
            case 5:
                moves = -abs(moves) - 0.001
            case 6:
                moves[length // 2] += draw.choice([-4, 4])
        growth = np.clip(np.exp(np.cumsum(moves)), 1e-3, 1e3)
        yield np.round(draw.uniform(5, 5_000) * growth, 4)


def returns(seed: int, count: int) -> Iterator[tuple[Floats, Floats]]:
    """Daily returns with a benchmark's: correlated, flat, never negative, of few days."""
    draw = np.random.default_rng(seed)
    for number in range(count):
        length = int(draw.integers(1, 400 if number % 4 == 0 else 40))
        benchmark = draw.normal(0.0004, 0.01, length)
        own = draw.uniform(-2, 2) * benchmark + draw.normal(0.0003, 0.015, length)
        match number % 5:
            case 2:
                own[:] = np.round(draw.normal(0, 0.01), 4)
            case 3:
                own = abs(own)
            case 4:
                own, benchmark = np.round(own, 2), np.round(benchmark, 2)
        yield own, benchmark
