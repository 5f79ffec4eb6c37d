select
    account_id,
    order_id,
    instrument_id,
    strategy_id,
    order_type,
    strategy_type,
    side,
    quantity,
    filled_quantity,
    status,
    entered_at,
    released_at
from {{ source('trading', 'orders') }}
