"""European options by Black and Scholes: price and Greeks, in the units brokers quote them in.

Theta is for a day, vega for a point (0.01) of volatility, rho for a point of interest.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]

DAYS_A_YEAR = 365.0
POINT = 0.01


@dataclass(frozen=True)
class Valued:
    """Price and sensitivities of options, one element an option."""

    price: Floats
    delta: Floats
    gamma: Floats
    theta: Floats
    vega: Floats
    rho: Floats


def value(spot: Any, strike: Any, years: Any, rate: Any, volatility: Any, is_call: Any) -> Valued:
    """Price and Greeks of options on something that pays no dividend; `years` must be above zero."""
    spread = volatility * np.sqrt(years)
    d1 = (np.log(spot / strike) + rate * years) / spread + spread / 2
    d2 = d1 - spread
    side = np.where(is_call, 1.0, -1.0)
    owed = strike * np.exp(-rate * years)
    density = np.exp(-(d1**2) / 2) / np.sqrt(2 * np.pi)
    exercised = side * owed * ndtr(side * d2)
    decay = -spot * density * volatility / (2 * np.sqrt(years)) - rate * exercised
    return Valued(
        price=np.maximum(side * spot * ndtr(side * d1) - exercised, 0.0),
        delta=side * ndtr(side * d1),
        gamma=density / (spot * spread),
        theta=decay / DAYS_A_YEAR,
        vega=spot * density * np.sqrt(years) * POINT,
        rho=years * exercised * POINT,
    )
