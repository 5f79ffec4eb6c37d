-- What is an index: on which table, over what, of whose key or whole is it a part?
-- One row, or none where no index has the name.
select
    n.nspname as schema,
    t.relname as table_name,
    t.relkind = 'p' as is_partitioned,
    i.indisvalid as is_valid,
    i.indisunique as is_unique,
    am.amname as method,
    k.conname as key_name,
    whole.relname as part_of,
    pg_catalog.pg_get_indexdef(i.indexrelid) as definition,
    array(
        select pg_catalog.pg_get_indexdef(i.indexrelid, position, true)
        from pg_catalog.generate_series(1, i.indnkeyatts) as position
        order by position
    ) as columns
from pg_catalog.pg_index as i
inner join pg_catalog.pg_class as x on i.indexrelid = x.oid
inner join pg_catalog.pg_am as am on x.relam = am.oid
inner join pg_catalog.pg_class as t on i.indrelid = t.oid
inner join pg_catalog.pg_namespace as n on t.relnamespace = n.oid
left join pg_catalog.pg_constraint as k
    on i.indexrelid = k.conindid and i.indrelid = k.conrelid and k.contype in ('p', 'u', 'x')
left join pg_catalog.pg_inherits as h on i.indexrelid = h.inhrelid
left join pg_catalog.pg_class as whole on h.inhparent = whole.oid
where i.indexrelid = pg_catalog.to_regclass(%(index)s);
