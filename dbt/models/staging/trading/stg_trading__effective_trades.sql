select
    account_id,
    executed_at,
    trade_id,
    order_id,
    instrument_id,
    strategy_id,
    side,
    quantity,
    price,
    commission,
    fees
from {{ source('trading', 'effective_trades') }}
