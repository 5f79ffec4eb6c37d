-- This partition's archive is ours alone.
-- Waits as long as lock_timeout says; the session holds the lock until it gives it back or ends.
select pg_catalog.pg_advisory_lock(
    pg_catalog.hashtextextended('warehouse archive ' || %(partition)s, 0)
);
