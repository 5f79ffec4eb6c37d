-- What was ever written to each audited table?
-- One row per table and operation, from after (after_relation, after_operation); for keys that see all.
create function api.audit_summary(
    key_id bigint,
    after_relation text default null,
    after_operation text default null,
    page_size bigint default null
)
returns table (
    relation text,
    operation text,
    event_count bigint,
    row_count numeric,
    actor_count bigint,
    day_count bigint,
    first_event_at timestamp with time zone,
    last_event_at timestamp with time zone
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    m.table_schema || '.' || m.table_name as relation,
    m.operation,
    m.event_count,
    m.row_count,
    m.actor_count,
    m.day_count,
    m.first_event_at,
    m.last_event_at
from marts.audit_summary as m
where
    ops.key_may(audit_summary.key_id, 'audit')
    and exists (
        select from ops.api_grants as g
        where g.api_key_id = audit_summary.key_id and g.is_all
    )
    and (
        after_relation is null
        or (m.table_schema || '.' || m.table_name, m.operation) > (after_relation, after_operation)
    )
order by relation, m.operation
limit page_size
$$;
