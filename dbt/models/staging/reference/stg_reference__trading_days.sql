select
    exchange,
    day as trading_day,
    opens_at,
    closes_at
from {{ source('reference', 'trading_days') }}
