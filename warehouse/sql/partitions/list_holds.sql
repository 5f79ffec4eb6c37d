-- Which legal holds are in force on these tables?
-- One row per hold that was not released.
select
    hold_id,
    table_schema || '.' || table_name as parent,
    time_from,
    time_to,
    reason,
    placed_by,
    placed_at
from audit.holds
where
    released_at is null
    and table_schema || '.' || table_name = any(%(parents)s)
order by hold_id;
