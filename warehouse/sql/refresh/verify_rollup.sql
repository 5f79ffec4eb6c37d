-- In how many rows does the rollup differ from its view?
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
from ops.verify_rollup(%(relation)s)
where relation is not null;
