select
    account_id,
    instrument_id,
    quantity,
    mark_price,
    multiplier,
    market_value
from {{ ref('portfolio_positions') }}
where mark_price is not null and market_value is distinct from quantity * mark_price * multiplier
