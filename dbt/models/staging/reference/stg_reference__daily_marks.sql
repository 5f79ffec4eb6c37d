select
    instrument_id,
    day as mark_day,
    source_id,
    close as mark_price,
    adjusted_close
from {{ source('reference', 'daily_marks') }}
