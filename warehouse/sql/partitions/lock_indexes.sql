-- Nobody else works on a table's indexes from here on, until the session ends or lets go.
-- Waits as long as lock_timeout; no lock on the table itself.
select pg_catalog.pg_advisory_lock(pg_catalog.hashtextextended('indexes of ' || %(table)s, 0));
