-- In how many rows does the materialized view differ from its query?
-- One row; REPEATABLE READ only.
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
from ops.verify_matview(%(relation)s)
where relation is not null;
