-- How new is each audited table, rollup and materialized view?
-- One row per relation, by name, from after after_relation.
create function api.data_freshness(
    key_id bigint,
    kind text default null,
    after_relation text default null,
    page_size bigint default null
)
returns table (
    relation text,
    kind text,
    newest_event_id bigint,
    newest_event_at timestamp with time zone,
    newest_data_at timestamp with time zone,
    waiting_since timestamp with time zone,
    lag_seconds double precision
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    m.relation,
    m.kind,
    m.newest_event_id,
    m.newest_event_at,
    m.newest_data_at,
    m.waiting_since,
    m.lag_seconds
from marts.data_freshness as m
where
    ops.key_may(data_freshness.key_id, 'read')
    and (data_freshness.kind is null or m.kind = data_freshness.kind)
    and (after_relation is null or m.relation > after_relation)
order by m.relation
limit page_size
$$;
