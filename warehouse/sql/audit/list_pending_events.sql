-- Which events are to be sealed next, in stable order, as they are hashed?
-- One row per event of a page, by (xid, event_id).
select
    e.event_id,
    e.xid::text as xid,
    e.occurred_at,
    e.table_schema || '.' || e.table_name as relation,
    e.operation,
    e.row_count,
    e.time_from,
    e.time_to,
    e.digest,
    record_send(row(
        e.event_id, e.occurred_at, e.actor, e.login_role, e.application, e.request_id, e.reason,
        e.table_schema, e.table_name, e.operation, e.row_count, e.time_from, e.time_to,
        e.account_ids, e.instrument_ids, e.batch_id, e.digest
    )) as record
from audit.events_between(%(stored)s::pg_snapshot, %(target)s::pg_snapshot) as e
where
    %(last_xid)s::xid8 is null
    or (e.xid, e.event_id) > (%(last_xid)s::xid8, %(last_event_id)s::bigint)
order by e.xid, e.event_id
limit %(events)s;
