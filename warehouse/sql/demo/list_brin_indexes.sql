-- Which BRIN indexes do a table and its partitions have?
-- One row per index that holds pages; summarizing it takes SHARE UPDATE EXCLUSIVE on its table.
select i.indexrelid::bigint as index_oid
from pg_partition_tree(%(relation)s::regclass) as t
inner join pg_index as i on t.relid = i.indrelid
inner join pg_class as c on i.indexrelid = c.oid
inner join pg_am as a on c.relam = a.oid
where
    a.amname = 'brin'
    and c.relkind = 'i';
