-- Keeps a second run in the same database waiting until this one has committed.
-- An advisory lock of the transaction; other databases of the cluster are not held up by it.
select pg_advisory_xact_lock(hashtextextended('warehouse.roles', 0));
