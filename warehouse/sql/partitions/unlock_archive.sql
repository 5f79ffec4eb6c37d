-- The partition's archive is left to others again.
-- One row.
select pg_catalog.pg_advisory_unlock(
    pg_catalog.hashtextextended('warehouse archive ' || %(partition)s, 0)
);
