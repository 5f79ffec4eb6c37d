"""Orders with their fills, minutes of bars, and what accounts earn, drawn at random.

The trades, prices and flows beside them are drawn in `test_numbers`.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from psycopg import Connection

Moment = Callable[[], datetime]

ORDER = """
insert into trading.orders (
    account_id, source_id, instrument_id, session, duration, order_type, strategy_type, side,
    quantity, status, entered_at, released_at
) values (
    %(account)s, 1, %(instrument)s, 'normal', 'gtc', 'limit', %(strategy)s, %(side)s,
    10, 'working', %(at)s, %(at)s + make_interval(hours => %(waits)s)
) returning order_id
"""
FILL = """
insert into trading.trades (
    account_id, executed_at, order_id, instrument_id, side, quantity, price, commission, fees, source_id
) values (%(account)s, %(at)s, %(order)s, %(instrument)s, %(side)s, %(quantity)s, %(price)s, 1, 0.25, 1)
"""
END = """
update trading.orders set status = %s, filled_quantity = 4
where (account_id, order_id) = (
    select account_id, order_id from trading.orders where status = 'working'
    order by md5(order_id::text || %s) limit 1
)
"""
MINUTE = """
insert into market.bars (
    instrument_id, frequency, bar_at, source_id, open, high, low, close, volume
) values (%(i)s, '1m', %(at)s, %(source)s, %(open)s, %(high)s, %(low)s, %(low)s, %(volume)s)
on conflict (instrument_id, frequency, bar_at, source_id) do update
set open = excluded.open, high = excluded.high, low = excluded.low, volume = excluded.volume
"""
EARNED = """
with booked as (
    insert into trading.transactions (
        account_id, transaction_at, transaction_type, status, net_amount, currency, description, source_id
    ) values (%(account)s, %(at)s, %(type)s, 'valid', 9, 'USD', %(description)s, 1)
    returning account_id, transaction_at, transaction_id
)
insert into trading.transaction_items (
    account_id, transaction_at, transaction_id, item_no, amount, cost, fee_type
)
select account_id, transaction_at, transaction_id, i.no, 1, i.cost, i.fee
from booked, (values (1, 10, null), (2, -1, 'miscellaneous_fee')) as i (no, cost, fee)
"""


def write_orders(conn: Connection[Any], draw: np.random.Generator, moment: Moment) -> None:
    """A few orders of which some are filled, at once or days later, and some end otherwise."""
    for _ in range(4):
        _order(conn, draw, moment())
        low = draw.integers(1, 200)
        bar = {"i": int(draw.integers(1, 3)), "source": int(draw.integers(1, 3)), "low": int(low)}
        bar |= {"open": int(low + 1), "high": int(low + 2), "volume": int(draw.integers(0, 9))}
        conn.execute(MINUTE, bar | {"at": moment().replace(hour=int(draw.integers(0, 24)))})
    for status in ("filled", "cancelled"):
        conn.execute(END, [status, str(draw.integers(99))])
    account = int(draw.integers(1, 3))
    earned = {"type": "dividend_or_interest", "description": "Cash dividend"}
    conn.execute(EARNED, earned | {"account": account, "at": moment()})
    conn.execute(EARNED, {"account": account, "at": moment(), "type": "journal", "description": ""})


def _order(conn: Connection[Any], draw: np.random.Generator, at: datetime) -> None:
    order: dict[str, Any] = {
        "account": int(draw.integers(1, 3)),
        "instrument": int(draw.integers(1, 3)),
        "side": str(draw.choice(["buy", "sell"])),
        "strategy": str(draw.choice(["single", "oco"])),
        "waits": int(draw.choice([0, 0, 30])),
        "at": at,
    }
    [number] = conn.execute(ORDER, order).fetchone() or []
    for _ in range(draw.integers(0, 3)):
        price = round(float(draw.uniform(1, 200)), 2)
        fill = {"order": number, "at": at + timedelta(hours=int(draw.integers(1, 60)))}
        conn.execute(FILL, order | fill | {"quantity": int(draw.integers(1, 3)), "price": price})
