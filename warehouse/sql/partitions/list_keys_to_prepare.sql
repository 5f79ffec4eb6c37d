-- Which of the parent's keys has a table still to be given, or to be checked on?
-- One row per key; present says that it is there and only waits for its check.
select
    f.conname as name,
    pg_catalog.pg_get_constraintdef(f.oid) as definition,
    t.oid is not null as present
from pg_catalog.pg_constraint as f
left join pg_catalog.pg_constraint as t
    on
        t.conrelid = to_regclass(%(table)s)
        and t.contype = 'f'
        and t.conparentid = 0
        and f.conname = t.conname
where
    f.conrelid = to_regclass(%(parent)s)
    and f.contype = 'f'
    and f.conparentid = 0
    and t.convalidated is not true
order by f.conname;
