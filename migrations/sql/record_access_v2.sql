-- What was read, by whom? Many records of the API in one call, each keyed by whoever wrote it.
-- The records that were new: one that is sent again is known by its key. ROW EXCLUSIVE on audit.access.
create function audit.record_access(records json) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    added bigint;
begin
    -- The time is part of the key, so the writer says it; the server says whether it can be true.
    if exists (
        select from json_to_recordset(records) as r (at timestamptz)
        where abs(extract(epoch from clock_timestamp() - r.at)) > 600
    ) then
        raise datetime_field_overflow using
            message = 'what was read is more than ten minutes away from this server''s time',
            hint = 'Set the clock of the API''s machine.';
    end if;
    insert into audit.access (
        access_id, accessed_at, report, filter, status, row_count, api_key_id, principal_id, request_id
    )
    select
        r.key, r.at, r.report, r.filter, r.status, r.row_count, r.api_key_id, r.principal_id, r.request_id
    from json_to_recordset(records) as r (
        key bigint,
        at timestamptz,
        report text,
        filter jsonb,
        status integer,
        row_count bigint,
        api_key_id bigint,
        principal_id bigint,
        request_id text
    )
    on conflict do nothing;
    get diagnostics added = row_count;
    return added;
end;
$$;

revoke all on function audit.record_access(json) from public;
