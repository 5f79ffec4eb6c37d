-- How new is each rollup and mart, and since when does something wait that it has not seen?
-- One row per relation.
create function api.mart_lags()
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
with consumers as (
    select
        r.relation,
        r.snapshot,
        r.sources
    from ops.rollups as r
    where r.environment = 'prod'
    union all
    select
        m.relation,
        m.snapshot,
        ops.sources_of(to_regclass(m.relation))
    from ops.matviews as m
    where to_regclass(m.relation) is not null
),

unseen as (
    select
        c.relation,
        (
            select min(e.occurred_at)
            from audit.events_between(c.snapshot, pg_current_snapshot()) as e
            where concat_ws('.', e.table_schema, e.table_name) = any(c.sources)
        ) as since
    from consumers as c
)

select
    g.relation,
    g.generation,
    g.as_of,
    g.changed_at,
    u.since,
    coalesce(extract(epoch from now() - u.since)::double precision, 0)
from ops.generations as g
left join unseen as u on u.relation = g.relation
$$;
