-- What was read, by whom? Many records of the API in one call, each keyed by whoever wrote it.
-- The records that were new: one that is sent again is known by its key. ROW EXCLUSIVE on audit.access.
create function audit.record_access(
    access_ids bigint[], -- drawn by the writer, at random
    accessed_at timestamptz[],
    reports text[],
    filters jsonb[],
    statuses integer[],
    row_counts bigint[],
    api_key_ids bigint[],
    principal_ids bigint[],
    request_ids text[]
) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    added bigint;
begin
    -- The time is part of the key, so the writer says it; the server says whether it can be true.
    if exists (
        select from unnest(accessed_at) as t (moment)
        where abs(extract(epoch from clock_timestamp() - t.moment)) > 600
    ) then
        raise datetime_field_overflow using
            message = 'what was read is more than ten minutes away from this server''s time',
            hint = 'Set the clock of the API''s machine.';
    end if;
    insert into audit.access (
        access_id, accessed_at, report, filter, status, row_count, api_key_id, principal_id, request_id
    )
    select *
    from unnest(
        access_ids, accessed_at, reports, filters, statuses, row_counts, api_key_ids, principal_ids, request_ids
    )
    on conflict do nothing;
    get diagnostics added = row_count;
    return added;
end;
$$;

revoke all on function audit.record_access(
    bigint[], timestamptz[], text[], jsonb[], integer[], bigint[], bigint[], bigint[], text[]
) from public;
