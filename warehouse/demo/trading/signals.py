"""What the strategies called for just before they gave their orders."""

from typing import Any

import numpy as np

from warehouse.demo.trading.intents import Role
from warehouse.demo.trading.order_rows import Filed

_PAYLOADS = np.array(
    [
        f'{{"score": {score / 10}, "window": {window}, "reason": "{reason}"}}'
        for score in range(-9, 10, 2)
        for window, reason in ((5, "cross"), (20, "trend"), (60, "reversal"))
    ],
    "S",
)


def signal_rows(rng: np.random.Generator, filed: Filed, first_id: int) -> dict[str, Any]:
    """A call for two of five orders that a strategy began something with."""
    intents, total = filed.orders.intents, len(filed.orders.product)
    begins = np.isin(intents.role, [Role.SINGLE, Role.ENTRY])
    which = np.flatnonzero(begins & (rng.random(total) < 0.4))
    wanted = np.sign(intents.wanted[which])
    product = filed.orders.product[which]
    earlier = (rng.uniform(0.5, 45, len(which)) * 1e6).astype("timedelta64[us]")
    return {
        "account_id": filed.orders.account_id[which],
        "signal_at": filed.orders.entered_at[which] - earlier,
        "signal_id": first_id + np.arange(len(which)),
        "strategy_id": filed.products.strategy_id[product],
        "instrument_id": filed.products.instrument_id[filed.products.first_leg[product]],
        "direction": np.array(["flat", "long", "short"], "S")[wanted],
        "strength": np.round(rng.uniform(0.1, 1, len(which)), 3),
        "payload": _PAYLOADS[rng.integers(0, len(_PAYLOADS), len(which))],
    }
