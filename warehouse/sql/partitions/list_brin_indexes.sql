-- How do the block-range indexes of partitions stand: how large, how sorted is what they summarize?
-- One row per BRIN of a partition; relpages are the pages at the last vacuum or analyze.
select
    pn.nspname || '.' || p.relname as parent,
    c.relname as partition,
    format('%%I.%%I', n.nspname, x.relname) as index,
    a.attname as column_name,
    s.correlation::double precision as correlation,
    pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::bigint as heap_pages,
    pg_catalog.pg_relation_size(x.oid) / pg_catalog.current_setting('block_size')::bigint as index_pages,
    greatest(c.relpages, 0)::bigint as known_pages,
    coalesce(substring(o.options from 'pages_per_range=(\d+)')::bigint, 128) as pages_per_range,
    coalesce(substring(o.options from 'autosummarize=(\w+)')::boolean, false) as autosummarize
from pg_catalog.pg_inherits as h
inner join pg_catalog.pg_class as p on h.inhparent = p.oid and p.relkind = 'p'
inner join pg_catalog.pg_namespace as pn on p.relnamespace = pn.oid
inner join pg_catalog.pg_class as c on h.inhrelid = c.oid and c.relkind = 'r'
inner join pg_catalog.pg_namespace as n on c.relnamespace = n.oid
inner join pg_catalog.pg_index as i on c.oid = i.indrelid and i.indisvalid
inner join pg_catalog.pg_class as x on i.indexrelid = x.oid
inner join pg_catalog.pg_am as am on x.relam = am.oid and am.amname = 'brin'
inner join pg_catalog.pg_attribute as a on c.oid = a.attrelid and i.indkey[0] = a.attnum
left join pg_catalog.pg_stats as s
    on n.nspname = s.schemaname and c.relname = s.tablename and a.attname = s.attname
cross join lateral (select array_to_string(x.reloptions, ' ') as options) as o
where %(parents)s::text[] is null or pn.nspname || '.' || p.relname = any(%(parents)s)
order by parent, partition, index;
