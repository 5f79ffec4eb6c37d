"""What trading costs: commissions, and the fees that are passed on from the regulators."""

from dataclasses import dataclass

import numpy as np

from warehouse.demo.arrays import Ints, Mask
from warehouse.demo.trading.products import COIN, OPTION, STOCK

# Rates as they were in 2025.
_SEC_RATE = 278  # of ten million, on what is sold
_CAP = 830  # cents, of the trading activity fee on shares


@dataclass(frozen=True)
class Charges:
    """By trade, in cents."""

    commission: Ints
    sec: Ints
    taf: Ints
    regulatory: Ints  # options only

    @property
    def fees(self) -> Ints:
        return self.sec + self.taf + self.regulatory


def charges(
    kind: int, account_id: Ints, is_sale: Mask, quantity: Ints, consideration: Ints
) -> Charges:
    """Quantities in ten-thousandths, considerations in 10^-8; every charge is rounded up to a cent."""
    nothing = np.zeros(len(quantity), np.int64)
    if kind == COIN:
        return Charges(_up(consideration * 25, 10_000 * 10**6), nothing, nothing, nothing)
    sec = np.where(is_sale, _up(consideration // 10**6 * _SEC_RATE, 10**7), 0)
    if kind == OPTION:
        taf = np.where(is_sale, _up(quantity * 279, 10**7), 0)
        return Charges(_up(quantity * 65, 10**4), sec, taf, _up(quantity * 226, 10**6))
    assert kind == STOCK
    taf = np.where(is_sale, np.minimum(_up(quantity * 166, 10**8), _CAP), 0)
    # Every fifth account is with a broker that still charges by the share.
    commission = np.where(account_id % 5 == 2, _up(quantity, 2 * 10**4), 0)
    return Charges(commission, sec, taf, nothing)


def _up(amount: Ints, unit: int) -> Ints:
    return -(-amount // unit)
