select
    base_currency as from_currency,
    quote_currency as to_currency,
    day as fx_day,
    source_id,
    rate as fx_rate
from {{ source('reference', 'fx_rates') }}
