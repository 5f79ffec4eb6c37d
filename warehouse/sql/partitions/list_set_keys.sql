-- Which partitioned tables refer to one another, so that they rotate together?
-- One row per foreign key from one partitioned table to another.
select
    f.conname as name,
    n.nspname || '.' || c.relname as child,
    m.nspname || '.' || r.relname as parent
from pg_catalog.pg_constraint as f
inner join pg_catalog.pg_class as c on f.conrelid = c.oid and c.relkind = 'p'
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
inner join pg_catalog.pg_class as r on f.confrelid = r.oid and r.relkind = 'p'
inner join pg_catalog.pg_namespace as m on r.relnamespace = m.oid
where f.contype = 'f' and f.conparentid = 0 and f.conrelid <> f.confrelid
order by child, name;
