-- What is visible now, and were rows written since the reader's last complete build?
-- One row; a reader that has not built yet finds everything changed.
select
    pg_current_snapshot()::text as snapshot,
    c.snapshot is null or exists (
        select
        from audit.events as e
        where
            e.operation in ('insert', 'update', 'delete', 'truncate', 'refresh')
            and e.xid >= pg_snapshot_xmin(c.snapshot)
            and not pg_visible_in_snapshot(e.xid, c.snapshot)
    ) as changed
from (select %(reader)s::text as consumer) as wanted
left join ops.cursors as c on wanted.consumer = c.consumer;
