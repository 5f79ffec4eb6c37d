select
    instrument_id,
    frequency,
    bar_at,
    source_id,
    open,
    high,
    low,
    close,
    volume,
    previous_close,
    is_empty
from {{ source('market', 'bars') }}
