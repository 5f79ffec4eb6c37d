-- How was a table made: its constraints and its indexes, for whoever reads an archive of it?
-- One row per constraint or index.
select
    'constraint' as kind,
    pg_catalog.format('%%I %%s', o.conname, pg_catalog.pg_get_constraintdef(o.oid)) as definition
from pg_catalog.pg_constraint as o
where o.conrelid = to_regclass(%(table)s) and o.contype in ('p', 'u', 'c', 'f')
union all
select
    'index' as kind,
    pg_catalog.pg_get_indexdef(i.indexrelid) as definition
from pg_catalog.pg_index as i
where i.indrelid = to_regclass(%(table)s)
order by kind, definition;
