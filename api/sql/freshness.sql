-- How new is each rollup and mart, and how long has something waited that it has not seen?
-- One row per relation, by name, from after after_relation.
create function api.freshness(
    key_id bigint,
    after_relation text default null,
    page_size bigint default null
)
returns table (
    relation text,
    generation bigint,
    as_of timestamptz,
    changed_at timestamptz,
    waiting_since timestamptz,
    lag_seconds double precision
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    l.relation,
    l.generation,
    l.as_of,
    l.changed_at,
    l.waiting_since,
    l.lag_seconds
from api.mart_lags() as l
where
    ops.key_may(freshness.key_id, 'read')
    and (after_relation is null or l.relation > after_relation)
order by l.relation
limit page_size
$$;
