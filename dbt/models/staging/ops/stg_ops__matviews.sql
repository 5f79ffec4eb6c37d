select
    relation,
    snapshot
from {{ source('ops', 'matviews') }}
