"""Splits, dividends and earnings: when they fall and what they do to a price."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from warehouse.demo.seeds import stream
from warehouse.demo.sessions import Sessions
from warehouse.demo.universe import Listing
from warehouse.models.reference import AssetType

_QUARTER = 63  # sessions
_RATIOS = (2.0, 3.0, 4.0, 0.1)


@dataclass(frozen=True)
class Actions:
    """By [instrument, session]: shares that one share of the start has become, and what dividends do."""

    factor: NDArray[np.float64]
    drop: NDArray[np.float64]  # of the price on the day, by a dividend
    amount: NDArray[np.int64]  # dividend for a share, in ticks
    earnings: NDArray[np.bool_]

    def with_amounts(self, amount: NDArray[np.int64]) -> "Actions":
        return replace(self, amount=amount)


def draw_actions(seed: int, sessions: Sessions, listings: Sequence[Listing]) -> Actions:
    """One in twenty companies splits its shares once; who pays dividends does so every quarter."""
    shape = (len(listings), len(sessions))
    found = Actions(
        np.ones(shape), np.ones(shape), np.zeros(shape, np.int64), np.zeros(shape, bool)
    )
    for row, listing in enumerate(listings):
        rng = stream(seed, "actions", listing.instrument_id)
        offset, split_at = (
            rng.integers(1, _QUARTER),
            rng.integers(shape[1] // 4, shape[1] // 4 * 3 + 1),
        )
        ratio, chance = rng.choice(_RATIOS), rng.random()
        if listing.dividend_yield:
            found.drop[row, offset::_QUARTER] = 1 - listing.dividend_yield / 4
        if listing.asset_type is AssetType.EQUITY:
            found.earnings[row, (offset + 20) % _QUARTER :: _QUARTER] = True
            if chance < 0.05:
                found.factor[row, split_at:] = ratio
                found.drop[row, split_at] = 1.0
    return found


def dividend_amounts(closes: NDArray[np.int64], actions: Actions) -> NDArray[np.int64]:
    """What was paid for a share: the drop of the price, in whole ticks of the close before."""
    amounts = np.zeros(closes.shape, np.int64)
    amounts[:, 1:] = np.rint(closes[:, :-1] * (1 - actions.drop[:, 1:]))
    return amounts
