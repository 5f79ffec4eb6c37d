-- The session is done with partitions.
-- One row; gives the advisory lock back.
select pg_advisory_unlock(hashtext('warehouse'), hashtext('partitions'));
