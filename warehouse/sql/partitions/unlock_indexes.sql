-- Lets others work on a table's indexes again.
-- One row: whether the session held the lock.
select pg_catalog.pg_advisory_unlock(pg_catalog.hashtextextended('indexes of ' || %(table)s, 0));
