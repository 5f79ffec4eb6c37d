-- What is visible now, and were rows written since the reader's last complete build?
-- One row; a reader that has not built yet finds everything changed. Upkeep and refreshes are no writes.
select
    pg_current_snapshot()::text as snapshot,
    c.snapshot is null or exists (
        select
        from audit.events as e
        where
            e.operation in ('insert', 'update', 'delete')
            and e.table_schema not in ('audit', 'ops')
            and e.xid >= pg_snapshot_xmin(c.snapshot)
            and not pg_visible_in_snapshot(e.xid, c.snapshot)
    ) as changed
from (select %(reader)s::text as consumer) as wanted
left join ops.cursors as c on wanted.consumer = c.consumer;
