-- Lets another session seal.
-- One row; gives the session's advisory lock back.
select pg_advisory_unlock(hashtext('warehouse'), hashtext('seal'));
