-- What stands in a schema under these names: whose index is it, and may plans use it?
-- One row per name that is taken; the table is null where it is no index.
select
    c.relname as name,
    c.relkind::text as kind,
    t.relname as table_name,
    i.indisvalid as is_valid
from pg_catalog.pg_class as c
left join pg_catalog.pg_index as i on c.oid = i.indexrelid
left join pg_catalog.pg_class as t on i.indrelid = t.oid
where c.relnamespace = %(schema)s::regnamespace and c.relname = any(%(names)s);
