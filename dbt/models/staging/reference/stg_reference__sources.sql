select
    source_id,
    name as source_name,
    priority,
    is_active
from {{ source('reference', 'sources') }}
