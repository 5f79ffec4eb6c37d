-- Moves the sealer's cursor over events that were sealed before.
-- No rows; ROW EXCLUSIVE on ops.cursors.
update ops.cursors
set
    snapshot = case when %(last_xid)s::xid8 is null then %(target)s::pg_snapshot else snapshot end,
    target_snapshot = case when %(last_xid)s::xid8 is not null then %(target)s::pg_snapshot end,
    last_xid = %(last_xid)s::xid8,
    last_event_id = %(last_event_id)s::bigint,
    updated_at = now(),
    version = version + 1
where consumer = 'seal';
