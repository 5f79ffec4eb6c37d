"""When markets are open: the sessions of the demo's exchanges, half days and holidays included."""

import warnings
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.datetime64]
Moments = NDArray[np.datetime64]

STOCKS = "XNYS"
COINS = "24/7"
CURRENCIES = "24/5"
EXCHANGES = (STOCKS, COINS, CURRENCIES)

ONE_MINUTE = np.timedelta64(60_000_000, "us")


@dataclass(frozen=True)
class Sessions:
    """The open days of one exchange, in order."""

    exchange: str
    day: Days
    opens_at: Moments
    closes_at: Moments

    def __len__(self) -> int:
        return len(self.day)

    @property
    def minutes(self) -> NDArray[np.int64]:
        """How many minutes each session lasts."""
        return (self.closes_at - self.opens_at) // ONE_MINUTE

    def window(self, start: np.datetime64, end: np.datetime64) -> "Sessions":
        """The sessions of the days [start, end)."""
        low, high = np.searchsorted(self.day, [start, end])
        return self._cut(slice(int(low), int(high)))

    def last(self, count: int) -> "Sessions":
        """The newest so many."""
        return self._cut(slice(len(self) - count, None))

    def _cut(self, which: slice) -> "Sessions":
        return Sessions(self.exchange, self.day[which], self.opens_at[which], self.closes_at[which])


def exchange_sessions(exchange: str, start: date, end: date) -> Sessions:
    """The sessions of an exchange from the first day to the last, both included."""
    from exchange_calendars import get_calendar

    with warnings.catch_warnings():
        # exchange_calendars 4.13 reads `Series.values`, which pandas 3.1 speaks against.
        warnings.simplefilter("ignore")
        schedule = get_calendar(exchange, start=start, end=end).schedule
    opens, closes = (
        schedule[name].dt.tz_convert(None).to_numpy().astype("datetime64[us]")
        for name in ("open", "close")
    )
    day = schedule.index.to_numpy().astype("datetime64[D]")
    # The round-the-clock calendars close a minute before the next day; a session is half open here.
    if exchange != STOCKS:
        closes = opens + np.timedelta64(1, "D")
    return Sessions(exchange, day, opens, closes)
