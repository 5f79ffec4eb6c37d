-- What is this table, and is it a partition?
-- One row if there is one.
select
    c.relkind::text as kind,
    c.relispartition as is_partition
from pg_catalog.pg_class as c
where c.oid = to_regclass(%(table)s);
