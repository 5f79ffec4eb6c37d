-- Which events match? Whoever asks orders and pages them.
-- One row per event; what is not asked for is null. By the index that leads with what is asked for.
select
    e.event_id,
    e.occurred_at,
    e.actor,
    e.login_role,
    e.application,
    e.request_id,
    e.reason,
    e.table_schema || '.' || e.table_name as relation,
    e.operation,
    e.row_count,
    e.time_from,
    e.time_to,
    e.account_ids,
    e.instrument_ids,
    e.batch_id
from audit.events as e
where
    (%(since)s::timestamptz is null or e.occurred_at >= %(since)s)
    and (%(until)s::timestamptz is null or e.occurred_at < %(until)s)
    and (%(table_schema)s::text is null or e.table_schema = %(table_schema)s)
    and (%(table_name)s::text is null or e.table_name = %(table_name)s)
    and (%(actor)s::text is null or e.actor = %(actor)s)
    and (%(request_id)s::text is null or e.request_id = %(request_id)s)
    and (%(event_ids)s::bigint[] is null or e.event_id = any(%(event_ids)s))
