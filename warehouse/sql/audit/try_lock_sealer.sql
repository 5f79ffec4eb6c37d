-- May this session seal now? One does at a time in a database.
-- One row; takes a session's advisory lock, or none, and never waits.
select pg_try_advisory_lock(hashtext('warehouse'), hashtext('seal'));
