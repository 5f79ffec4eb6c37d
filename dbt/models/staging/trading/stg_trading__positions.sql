select
    account_id,
    instrument_id,
    quantity,
    average_price,
    realized_pnl,
    last_trade_at
from {{ source('trading', 'positions') }}
