select
    relation,
    generation,
    as_of,
    newest_data_at
from {{ source('ops', 'generations') }}
