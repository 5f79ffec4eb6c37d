"""What volatility the options are priced at: a smile around each day's level."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from warehouse.demo.prices import MARKET_VOLATILITY, SECTOR_VOLATILITY
from warehouse.demo.seeds import stream
from warehouse.demo.world import World

INTEREST_RATE = 0.043


def levels(world: World) -> NDArray[np.float64]:
    """At the money, [row of liquid stocks, session]: what the stock really does, and the day's nerves."""
    levels = []
    for row in world.liquid[: world.scale.optionable]:
        one = world.stocks.listings[row]
        sector = SECTOR_VOLATILITY if one.sector else 0.0
        usual = np.sqrt((one.beta * MARKET_VOLATILITY) ** 2 + sector**2 + one.own_volatility**2)
        nerves = stream(world.seed, "volatility", one.instrument_id).standard_normal(
            len(world.sessions)
        )
        levels.append(1.05 * usual * np.exp(0.05 * nerves))
    return np.array(levels)


def smile(level: Any, spot: Any, strike: Any, years: Any) -> NDArray[np.float64]:
    """Volatility at a strike: low strikes cost more than high ones, and the far ones more than the near."""
    moves = np.clip(np.log(strike / spot) / (level * np.sqrt(years)), -4, 4)
    return np.asarray(np.round(level * (1 - 0.06 * moves + 0.03 * moves**2), 4))
