-- Is there a table of that name, and is it a partition of the parent?
-- One row if there is one.
select
    c.oid::bigint as oid,
    exists(
        select from pg_catalog.pg_inherits as i
        where i.inhrelid = c.oid and i.inhparent = to_regclass(%(parent)s)
    ) as attached,
    pg_catalog.obj_description(c.oid, 'pg_class') as mark
from pg_catalog.pg_class as c
where c.oid = to_regclass(%(partition)s);
