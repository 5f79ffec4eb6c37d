-- Which production rollups have still to read, or to be verified on, what these partitions held?
-- One row per partition and rollup that stands in its way; only events past the rollup's xmin are read.
-- Older events count too: retiring moves the rollup's floor, below which nothing is recomputed.
select
    c.parent,
    c.name,
    r.relation,
    r.snapshot is null as unbuilt,
    coalesce(u.unread, false) as unread
from
    unnest(%(parents)s::text[], %(names)s::text[], %(ends)s::timestamptz[])
        as c (parent, name, ends_at)
inner join ops.rollups as r on c.parent = any(r.sources) and r.environment = 'prod'
left join lateral (
    select not pg_visible_in_snapshot(e.xid, r.snapshot) as unread
    from audit.events as e
    where
        e.table_schema = split_part(c.parent, '.', 1)
        and e.table_name = split_part(c.parent, '.', 2)
        and e.operation in ('insert', 'update', 'delete', 'truncate', 'refresh')
        and (e.time_from is null or e.time_from < c.ends_at)
        and e.xid >= least(pg_snapshot_xmin(r.snapshot), pg_snapshot_xmin(r.verified_snapshot))
        and not (
            pg_visible_in_snapshot(e.xid, r.snapshot)
            and pg_visible_in_snapshot(e.xid, r.verified_snapshot)
        )
    order by unread desc
    limit 1
) as u on true
where r.snapshot is null or r.verified_snapshot is null or u.unread is not null
order by c.parent, c.name, r.relation;
