select
    relation,
    generation,
    as_of
from {{ source('ops', 'generations') }}
