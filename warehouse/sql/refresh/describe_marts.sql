-- How new, how far behind and how large are these relations?
-- One row per relation; rows and bytes with those of the partitions, rows as last estimated.
select
    m.relation,
    g.generation,
    g.as_of,
    now() - p.oldest as lag,
    l.state as last_state,
    l.finished_at as last_run,
    t.row_estimate,
    t.bytes,
    r.source_floor,
    r.verified_at
from unnest(%(relations)s::text[]) as m (relation)
left join ops.generations as g on m.relation = g.relation
left join ops.rollups as r on m.relation = r.relation
left join ops.matviews as v on m.relation = v.relation
left join lateral (
    select min(w.occurred_at) as oldest
    from ops.writes_between(coalesce(r.snapshot, v.snapshot), pg_current_snapshot()) as w
    where w.relation = any(coalesce(r.sources, ops.sources_of(m.relation::regclass)))
) as p on true
left join lateral (
    select
        u.state,
        u.finished_at
    from ops.refresh_runs as u
    where u.relation = m.relation and u.kind <> 'verify'
    order by u.refresh_run_id desc
    limit 1
) as l on true
cross join
    lateral (
        select
            coalesce(sum(greatest(k.reltuples, 0)), 0)::bigint as row_estimate,
            coalesce(sum(pg_total_relation_size(k.oid)), 0)::bigint as bytes
        from pg_class as k
        where
            k.relkind in ('r', 'm')
            and (
                k.oid = m.relation::regclass
                or k.oid in (select x.relid from pg_partition_tree(m.relation::regclass) as x)
            )
    ) as t
order by m.relation;
