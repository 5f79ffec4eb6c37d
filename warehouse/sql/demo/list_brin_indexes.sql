-- Which BRIN indexes do the tables of some schemas and their partitions have?
-- One row per index that holds pages; summarizing it takes SHARE UPDATE EXCLUSIVE on its table.
select i.indexrelid::bigint as index_oid
from pg_index as i
inner join pg_class as c on i.indexrelid = c.oid
inner join pg_am as a on c.relam = a.oid
inner join pg_namespace as n on c.relnamespace = n.oid
where
    a.amname = 'brin'
    and c.relkind = 'i'
    and n.nspname = any(%(schemas)s);
