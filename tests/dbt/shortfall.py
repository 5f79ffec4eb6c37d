"""What orders cost against the market, worked out fill by fill in plain Python; after docs/numbers.md."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from psycopg import Connection

FREQUENCIES = ["1m", "1d"]
BARS = """
select instrument_id, bar_at, frequency, source_id, open, high + low + close, close, volume
from market.bars where not is_empty order by instrument_id, bar_at
"""
ORDERS = """
select account_id, order_id, instrument_id, side, entered_at, released_at,
    case when status = 'cancelled' and strategy_type <> 'oco' then quantity - filled_quantity else 0 end
from trading.orders
"""
FILLS = """
select account_id, order_id, instrument_id, side, executed_at, quantity, price
from trading.effective_trades where order_id is not null
"""


class Bar(NamedTuple):
    at: datetime
    frequency: str
    source: int
    open: Decimal
    three: Decimal  # high, low and close together
    close: Decimal
    volume: Decimal


Days = Mapping[tuple[int, date], list[Bar]]
Costs = dict[tuple[int, int], list[Decimal]]


def costs(conn: Connection[Any]) -> Costs:
    """By account and instrument: against arrival, against the market's mean price, and missed."""
    conn.execute("set timezone = 'UTC'")
    days = _days(conn.execute(BARS).fetchall())
    multipliers = dict(conn.execute("select instrument_id, multiplier from reference.instruments"))
    found: Costs = defaultdict(lambda: [Decimal(0)] * 3)

    def add(account: int, instrument: int, side: str, place: int, cost: Decimal) -> None:
        sign = 1 if side == "buy" else -1
        found[account, instrument][place] += sign * cost * multipliers[instrument]

    arrivals = {}
    for account, order, instrument, side, entered, released, missed in conn.execute(ORDERS):
        bars = days.get((instrument, entered.date()), [])
        arrived = released or entered
        if bars and arrived.date() == entered.date():
            before = [bar for bar in bars if bar.at <= arrived]
            price = arrivals[account, order] = (before or bars[:1])[-1].open
            add(account, instrument, side, 2, missed * (bars[-1].close - price))
    for account, order, instrument, side, at, quantity, price in conn.execute(FILLS):
        if (account, order) in arrivals:
            add(account, instrument, side, 0, quantity * (price - arrivals[account, order]))
        bars = days.get((instrument, at.date()), [])
        if volume := sum(bar.volume for bar in bars):
            mean = sum(bar.three * bar.volume for bar in bars) / (3 * volume)
            add(account, instrument, side, 1, quantity * (price - mean))
    return found


def _days(rows: Iterable[Any]) -> Days:
    """The bars of each day: the finest, and of these those of the first source."""
    chosen = {}
    for key, day in groupby(rows, lambda row: (row[0], row[1].date())):
        bars = [Bar(*row[1:]) for row in day]
        best = min((FREQUENCIES.index(bar.frequency), bar.source) for bar in bars)
        chosen[key] = [
            bar for bar in bars if (FREQUENCIES.index(bar.frequency), bar.source) == best
        ]
    return chosen
