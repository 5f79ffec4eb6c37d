-- What waits to be sealed?
-- One row: events, the rows they speak of, and the seconds since the first of them was begun.
with sealer as (
    select
        max(c.snapshot::text)::pg_snapshot as snapshot,
        max(c.last_xid::text)::xid8 as last_xid,
        max(c.last_event_id) as last_event_id
    from ops.cursors as c
    where c.consumer = 'seal'
)

select
    count(*) as events,
    coalesce(sum(e.row_count), 0)::bigint as rows,
    coalesce(extract(epoch from now() - min(e.occurred_at)), 0)::double precision as seconds
from sealer as s
cross join lateral audit.events_between(s.snapshot, audit.current_snapshot()) as e
where s.last_xid is null or (e.xid, e.event_id) > (s.last_xid, s.last_event_id);
