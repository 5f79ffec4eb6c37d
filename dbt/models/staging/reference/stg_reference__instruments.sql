select
    instrument_id,
    symbol,
    asset_type,
    exchange,
    currency,
    company_name,
    sector,
    industry,
    country,
    multiplier,
    underlying_id,
    is_optionable,
    is_active,
    listed_at,
    delisted_at
from {{ source('reference', 'instruments') }}
