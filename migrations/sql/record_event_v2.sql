-- What was written, by whom, where does it reach? One audit event in this transaction; returns its key.
-- One row per call, none (null) where DML touched no row; ROW EXCLUSIVE on audit.events and the partition.
create function audit.record_event(
    table_schema text,
    table_name text,
    operation text,
    row_count bigint,
    time_from timestamptz default null, -- with time_to null: all of time
    time_to timestamptz default null, -- exclusive
    account_ids bigint[] default null, -- null: any; empty: the rows name none
    instrument_ids bigint[] default null,
    batch_id bigint default null,
    digest bytea default null,
    event_id bigint default null, -- drawn before, where the rows carry it already
    key_bound integer default 100 -- more keys than this are recorded as any
) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if row_count = 0 and operation in ('insert', 'update', 'delete') then
        return null;
    end if;
    event_id := coalesce(event_id, nextval('audit.events_event_id_seq'));
    insert into audit.events (
        event_id, actor, login_role, application, request_id, reason,
        table_schema, table_name, operation, row_count, time_from, time_to,
        account_ids, instrument_ids, batch_id, digest
    ) values (
        event_id,
        coalesce(nullif(current_setting('warehouse.actor', true), ''), session_user),
        session_user,
        coalesce(
            nullif(current_setting('warehouse.application', true), ''),
            nullif(current_setting('application_name'), '')
        ),
        nullif(current_setting('warehouse.request_id', true), ''),
        nullif(current_setting('warehouse.reason', true), ''),
        table_schema, table_name, operation, row_count, time_from, time_to,
        audit.listed_keys(account_ids, key_bound),
        audit.listed_keys(instrument_ids, key_bound),
        coalesce(batch_id, nullif(current_setting('warehouse.batch_id', true), '')::bigint),
        digest
    );
    return event_id;
end;
$$;

revoke all on function audit.record_event(
    text, text, text, bigint, timestamptz, timestamptz,
    bigint[], bigint[], bigint, bytea, bigint, integer
) from public;
