-- Which indexes did a cut-short REINDEX CONCURRENTLY leave on a table and its partitions?
-- One row per leftover; PostgreSQL names them …_ccnew and …_ccold.
select
    t.relname as table_name,
    x.relname as name
from pg_catalog.pg_index as i
inner join pg_catalog.pg_class as x on i.indexrelid = x.oid
inner join pg_catalog.pg_class as t on i.indrelid = t.oid
where
    not i.indisvalid
    and x.relkind = 'i'
    and x.relname ~ '_cc(new|old)[0-9]*$'
    and i.indrelid in (
        select %(table)s::regclass
        union all
        select h.inhrelid from pg_catalog.pg_inherits as h where h.inhparent = %(table)s::regclass
    )
order by t.relname, x.relname;
