-- What did a refresh of the materialized view change?
-- One row, none where nothing was pending; readers are not shut out.
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
from ops.refresh_matview(%(relation)s)
where relation is not null;
