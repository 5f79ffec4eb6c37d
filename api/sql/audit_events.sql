-- What was written, to which table, by whom?
-- One row per event, newest first, from after (after_occurred_at, after_event_id); for keys that see all.
create function api.audit_events(
    key_id bigint,
    relation text default null,
    actor text default null,
    request_id text default null,
    account text default null,
    instrument_id bigint default null,
    from_at timestamptz default null,
    to_at timestamptz default null,
    after_occurred_at timestamptz default null,
    after_event_id bigint default null,
    page_size bigint default null
)
returns table (
    occurred_at timestamptz,
    event_id bigint,
    actor text,
    application text,
    request_id text,
    reason text,
    relation text,
    operation text,
    row_count bigint,
    time_from timestamptz,
    time_to timestamptz,
    batch_id bigint
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
select
    e.occurred_at,
    e.event_id,
    e.actor,
    e.application,
    e.request_id,
    e.reason,
    concat_ws('.', e.table_schema, e.table_name),
    e.operation,
    e.row_count,
    e.time_from,
    e.time_to,
    e.batch_id
from audit.events as e
where
    ops.key_may(audit_events.key_id, 'audit')
    and exists (
        select from ops.api_grants as g
        where g.api_key_id = audit_events.key_id and g.is_all
    )
    and (
        audit_events.relation is null
        or (
            e.table_schema = split_part(audit_events.relation, '.', 1)
            and e.table_name = split_part(audit_events.relation, '.', 2)
        )
    )
    and (audit_events.actor is null or e.actor = audit_events.actor)
    and (audit_events.request_id is null or e.request_id = audit_events.request_id)
    -- An event that lists no keys may have touched any.
    and (
        audit_events.account is null
        or coalesce(
            e.account_ids && array(
                select a.account_id from reference.accounts as a where a.account_hash = audit_events.account
            ),
            true
        )
    )
    and (
        audit_events.instrument_id is null
        or coalesce(audit_events.instrument_id = any(e.instrument_ids), true)
    )
    and e.occurred_at >= coalesce(from_at, '-infinity')
    and e.occurred_at < coalesce(to_at, 'infinity')
    and e.occurred_at <= coalesce(after_occurred_at, 'infinity')
    and (
        after_occurred_at is null
        or (e.occurred_at, e.event_id) < (after_occurred_at, after_event_id)
    )
order by e.occurred_at desc, e.event_id desc
limit page_size
$$;
