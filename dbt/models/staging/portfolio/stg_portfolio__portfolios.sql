select
    portfolio_id,
    name as portfolio_name,
    base_currency,
    benchmark_instrument_id
from {{ source('portfolio', 'portfolios') }}
