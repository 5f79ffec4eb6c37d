-- Which ranges of which tables have been taken out, and not brought back since?
-- One row per table and range; the log's own words, so that a row that was deleted is in none of them.
select
    last.relation,
    last.time_from,
    last.time_to
from (
    select distinct on (e.table_schema, e.table_name, e.time_from, e.time_to)
        e.table_schema || '.' || e.table_name as relation,
        e.time_from,
        e.time_to,
        e.operation
    from audit.events as e
    where e.operation in ('attach', 'detach', 'restore', 'drop') and e.time_from is not null
    order by
        e.table_schema asc, e.table_name asc, e.time_from asc, e.time_to asc,
        e.occurred_at desc, e.event_id desc
) as last
where last.operation in ('detach', 'drop');
