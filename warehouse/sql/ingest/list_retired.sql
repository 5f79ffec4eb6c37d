-- Which stretches of a table were archived and are not attached now?
-- One row per archive in force.
select
    a.archive_id,
    a.range_from,
    a.range_to
from ops.archives as a
where
    a.parent_table = %(table)s
    and a.state not in ('superseded', 'failed')
    and a.verified_at is not null
    and not exists (
        select from pg_inherits as i
        where
            i.inhparent = to_regclass(a.parent_table)
            and i.inhrelid = to_regclass(a.partition_name)
    )
order by a.range_from;
