-- How far has the sealer come, and what can it see now?
-- One row: what is sealed, what it was reading up to and its place in that, null where there is none.
select
    c.snapshot::text as stored,
    coalesce(c.target_snapshot, audit.current_snapshot())::text as target,
    c.last_xid::text as last_xid,
    c.last_event_id
from ops.cursors as c
where c.consumer = 'seal';
