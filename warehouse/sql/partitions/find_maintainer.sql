-- Who sees to partitions now?
-- One row, or none; takes no lock.
select
    a.pid,
    a.application_name,
    a.backend_start
from pg_catalog.pg_locks as l
inner join pg_catalog.pg_stat_activity as a on l.pid = a.pid
where
    l.locktype = 'advisory'
    and l.granted
    and l.database = (select d.oid from pg_catalog.pg_database as d where d.datname = current_database())
    and l.classid = hashtext('warehouse')::bit(32)::bigint::oid
    and l.objid = hashtext('partitions')::bit(32)::bigint::oid;
