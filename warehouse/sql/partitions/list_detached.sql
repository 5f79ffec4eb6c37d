-- Which tables carry a partition's name but stand by themselves, and what was done to them last?
-- One row per such table, in its parent's schema or in the retention schema.
select
    p.parent_table as parent,
    n.nspname as home,
    c.relname as name,
    (
        select r.step
        from ops.partition_runs as r
        where
            r.parent_table = p.parent_table
            and r.partition_name = split_part(p.parent_table, '.', 1) || '.' || c.relname
            and r.step in ('attach', 'create', 'restore', 'detach', 'finalize')
            and r.state = 'done'
        order by r.partition_run_id desc
        limit 1
    ) as last_step,
    coalesce(k.keys, '{}') as keys,
    exists(
        select from pg_catalog.pg_index as i
        where
            i.indrelid = c.oid
            and not exists (
                select from pg_catalog.pg_constraint as o where o.conindid = i.indexrelid
            )
    ) as is_indexed
from ops.partition_policy as p
cross join lateral (select split_part(p.parent_table, '.', 2) || '_p' as stem) as s
inner join pg_catalog.pg_namespace as n
    on n.nspname in (split_part(p.parent_table, '.', 1), p.retention_schema)
inner join pg_catalog.pg_class as c
    on
        n.oid = c.relnamespace and c.relkind = 'r' and not c.relispartition
        and starts_with(c.relname, s.stem)
        and substr(c.relname, length(s.stem) + 1) ~ '^\d{8}(_\d{6})?$'
left join lateral (
    select array_agg(f.conname order by f.conname) as keys
    from pg_catalog.pg_constraint as f
    inner join pg_catalog.pg_class as r on f.confrelid = r.oid and r.relkind = 'p'
    where f.conrelid = c.oid and f.contype = 'f' and f.conparentid = 0
) as k on true
where p.parent_table = any(%(parents)s)
order by parent, name;
