select
    event_id,
    occurred_at,
    xid,
    actor,
    table_schema,
    table_name,
    operation,
    row_count,
    time_to
from {{ source('audit', 'events') }}
