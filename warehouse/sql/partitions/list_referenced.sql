-- Which tables do this table's keys refer to?
-- One row per table, in the order everyone locks them.
select distinct
    n.nspname,
    r.relname
from pg_catalog.pg_constraint as f
inner join pg_catalog.pg_class as r on f.confrelid = r.oid
inner join pg_catalog.pg_namespace as n on r.relnamespace = n.oid
where
    f.conrelid = to_regclass(%(table)s)
    and f.contype = 'f'
    and f.conparentid = 0
    and (%(key)s::text is null or f.conname = %(key)s)
order by n.nspname, r.relname;
