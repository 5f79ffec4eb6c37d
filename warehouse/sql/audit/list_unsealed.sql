-- Which events has the sealer read past and not sealed, or sealed twice?
-- One row per event; reads all events and seals of the time, and locks nothing.
with counted as (
    select
        e.event_id,
        0 as seals
    from audit.events as e
    inner join ops.cursors as c on c.consumer = 'seal'
    where
        pg_visible_in_snapshot(e.xid, c.snapshot)
        and (%(since)s::timestamptz is null or e.occurred_at >= %(since)s)
    union all
    select
        t.event_id,
        1 as seals
    from audit.seals as s
    cross join lateral unnest(s.event_ids) as t (event_id)
    where %(since)s::timestamptz is null or s.last_occurred_at >= %(since)s
)

select
    c.event_id,
    sum(c.seals)::bigint as seals
from counted as c
group by c.event_id
having sum(c.seals) <> 1
order by c.event_id
limit %(most)s;
