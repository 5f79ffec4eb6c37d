-- Which functions of pg_partman reckon with times in the session's zone?
-- One row per function, as ALTER FUNCTION names it.
select p.oid::regprocedure::text as signature
from pg_catalog.pg_proc as p
inner join pg_catalog.pg_namespace as n on p.pronamespace = n.oid
where
    n.nspname = %(schema)s
    and p.prokind = 'f'
    and p.proname in ('run_maintenance', 'create_partition_time', 'partition_gap_fill')
order by signature;
