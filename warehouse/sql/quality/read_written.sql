-- Which audit events say what this transaction did to the bars, and over what time?
-- One row, of nulls where it wrote none.
select
    array_agg(e.event_id) as events,
    min(e.time_from) as first_at,
    max(e.time_to) as end_at
from audit.events as e
where
    e.xid = pg_current_xact_id()
    and e.occurred_at >= now()
    and e.table_schema = 'market'
    and e.table_name = 'bars'
    and e.operation in ('insert', 'update');
