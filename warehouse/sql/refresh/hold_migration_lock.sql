-- May the marts be built, or is a migration under way?
-- One row; shares the migrations' lock until the session ends.
select pg_try_advisory_lock_shared(%(key)s);
