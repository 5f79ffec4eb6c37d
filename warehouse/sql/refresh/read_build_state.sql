-- What is visible now, and were rows written since the reader's last complete build?
-- One row; a reader that has not built yet finds everything changed. Upkeep and refreshes are no writes.
select
    pg_current_snapshot()::text as snapshot,
    c.snapshot is null or exists (
        select
        from audit.events_between(c.snapshot, pg_current_snapshot()) as e
        where
            e.operation in ('insert', 'update', 'delete')
            and e.table_schema not in ('audit', 'ops')
    ) as changed
from (select %(reader)s::text as consumer) as wanted
left join ops.cursors as c on wanted.consumer = c.consumer;
