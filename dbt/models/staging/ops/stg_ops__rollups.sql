select
    relation,
    environment,
    sources,
    snapshot,
    source_floor
from {{ source('ops', 'rollups') }}
