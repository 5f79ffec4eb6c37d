-- Which tables have rows that name their event, with which columns, by which time are they cut, and keyed?
-- One row per table; reads the catalogue alone.
select
    n.nspname || '.' || c.relname as name,
    jsonb_agg(
        jsonb_build_array(a.attname, format_type(a.atttypid, a.atttypmod)) order by a.attnum
    ) as columns,
    min(k.attname) as control,
    coalesce(
        jsonb_agg(a.attname order by array_position(i.indkey::smallint[], a.attnum))
        filter (where a.attnum = any(i.indkey::smallint[])), '[]'
    ) as keys
from pg_catalog.pg_class as c
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
inner join pg_catalog.pg_attribute as a on c.oid = a.attrelid and a.attnum > 0 and not a.attisdropped
left join pg_catalog.pg_index as i on c.oid = i.indrelid and i.indisprimary
left join pg_catalog.pg_partitioned_table as p on c.oid = p.partrelid
left join pg_catalog.pg_attribute as k on c.oid = k.attrelid and p.partattrs[0] = k.attnum
where
    n.nspname = any(%(schemas)s) and c.relkind in ('r', 'p') and not c.relispartition
    and exists (
        select from pg_catalog.pg_attribute as e
        where e.attrelid = c.oid and e.attname = 'event_id' and e.attnotnull and not e.attisdropped
    )
group by n.nspname, c.relname;
