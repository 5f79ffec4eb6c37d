-- Whose is this table?
-- One row if there is one.
select pg_catalog.pg_get_userbyid(c.relowner) as owner
from pg_catalog.pg_class as c
where c.oid = to_regclass(%(table)s);
