select
    instrument_id,
    source_id,
    frequency,
    first_at,
    last_at
from {{ source('ops', 'instrument_data_status') }}
