select
    underlying_id,
    expiration_date,
    snapshot_at,
    source_id,
    underlying_price
from {{ source('market', 'option_chains') }}
