-- What was looked at on the shelf, by whom? Many views and searches in one call, keyed by whoever wrote them.
-- The records that were new; one that is sent again is known by its key. ROW EXCLUSIVE on library.activity.
create function library.record_activity(records json) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    added bigint;
begin
    insert into library.activity (
        activity_id, occurred_at, principal_id, activity_type, book_id, query
    )
    select r.key, r.at, r.principal_id, r.activity_type, r.book_id, r.query
    from json_to_recordset(records) as r (
        key bigint,
        at timestamptz,
        principal_id bigint,
        activity_type text,
        book_id bigint,
        query text
    )
    on conflict do nothing;
    get diagnostics added = row_count;
    return added;
end;
$$;

revoke all on function library.record_activity(json) from public;
