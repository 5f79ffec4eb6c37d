-- Which indexes of a table belong to none of its constraints?
-- One row per index.
select
    n.nspname,
    c.relname
from pg_catalog.pg_index as i
inner join pg_catalog.pg_class as c on i.indexrelid = c.oid
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
where
    i.indrelid = to_regclass(%(table)s)
    and not exists (select from pg_catalog.pg_constraint as o where o.conindid = i.indexrelid)
order by c.relname;
