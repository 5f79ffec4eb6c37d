-- Does another load write a step now? Waits for it.
-- One row; one advisory lock, until the transaction ends.
select pg_advisory_xact_lock(hashtext('warehouse demo load'));
