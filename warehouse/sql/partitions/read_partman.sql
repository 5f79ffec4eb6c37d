-- Which pg_partman is installed in this database, and in which schema?
-- One row, or none.
select
    n.nspname as schema,
    e.extversion as version
from pg_catalog.pg_extension as e
inner join pg_catalog.pg_namespace as n on e.extnamespace = n.oid
where e.extname = 'pg_partman';
