-- What was written between two snapshots, as a stream's lines?
-- One row per event, as JSON, by (xid, event_id).
select
    json_build_object(
        'event_id', e.event_id,
        'occurred_at', e.occurred_at,
        'actor', e.actor,
        'login_role', e.login_role,
        'application', e.application,
        'request_id', e.request_id,
        'reason', e.reason,
        'table', e.table_schema || '.' || e.table_name,
        'operation', e.operation,
        'row_count', e.row_count,
        'time_from', e.time_from,
        'time_to', e.time_to,
        'account_ids', e.account_ids,
        'instrument_ids', e.instrument_ids,
        'batch_id', e.batch_id
    )::text as line
from audit.events_between(%(stored)s::pg_snapshot, %(upto)s::pg_snapshot) as e
order by e.xid, e.event_id;
