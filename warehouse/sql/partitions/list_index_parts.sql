-- Which partitions does a table have, and which part of an index does each hold?
-- One row per partition; the part is null where none is attached to the index.
select
    c.relname as partition,
    part.name as part,
    part.is_valid
from pg_catalog.pg_inherits as h
inner join pg_catalog.pg_class as c on h.inhrelid = c.oid
left join lateral (
    select
        x.relname as name,
        i.indisvalid as is_valid
    from pg_catalog.pg_inherits as a
    inner join pg_catalog.pg_index as i on a.inhrelid = i.indexrelid
    inner join pg_catalog.pg_class as x on i.indexrelid = x.oid
    where a.inhparent = pg_catalog.to_regclass(%(index)s) and i.indrelid = c.oid
) as part on true
where h.inhparent = %(table)s::regclass
order by c.relname;
