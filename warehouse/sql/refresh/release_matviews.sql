-- Who waits for the materialized views may have them.
-- One row each; gives the session's locks back.
select pg_advisory_unlock(hashtextextended('refresh ' || v.relation, 0))
from unnest(%(relations)s::text[]) as v (relation);
