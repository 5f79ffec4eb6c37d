-- What do these events say now, as it is hashed?
-- One row per event that is still there; by key within the partitions of their time.
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
from audit.events as e
where
    e.event_id = any(%(event_ids)s)
    and e.occurred_at between %(first_occurred_at)s and %(last_occurred_at)s;
