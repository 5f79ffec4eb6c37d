-- Is the same content being loaded elsewhere? Waits until it is done.
-- Advisory lock on the content, until the transaction ends.
select pg_advisory_xact_lock(hashtextextended(%(content)s, 0));
