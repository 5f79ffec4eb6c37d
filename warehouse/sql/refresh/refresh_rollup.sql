-- What did a refresh of the rollup change?
-- One row, none where nothing was pending; locks its row of ops.rollups.
select
    relation,
    kind,
    event_count,
    scopes,
    inserted_count,
    updated_count,
    deleted_count,
    difference_count,
    event_id,
    started_at,
    finished_at
from ops.refresh_rollup(%(relation)s)
where relation is not null;
