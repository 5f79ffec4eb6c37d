-- Are the materialized views ours to refresh, until they are given back?
-- One row each; the session's share in the lock that ops.refresh_matview takes, waited for.
select pg_advisory_lock(hashtextextended('refresh ' || v.relation, 0))
from unnest(%(relations)s::text[]) as v (relation);
