-- May the marts be made, or is a migration under way?
-- One row; shares the migrations' lock until the transaction ends.
select pg_try_advisory_xact_lock_shared(%(key)s);
