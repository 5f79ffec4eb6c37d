select
    instrument_id,
    effective_day,
    ratio
from {{ source('market', 'splits') }}
