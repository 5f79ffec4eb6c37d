-- What was looked at on the shelf, by whom? Many views and searches in one call, keyed by whoever wrote them.
-- The records that were new; one that is sent again is known by its key. ROW EXCLUSIVE on library.activity.
create function library.record_activity(
    activity_ids bigint[], -- drawn by the writer, at random
    occurred_at timestamptz[],
    principal_ids bigint[],
    activity_types text[],
    book_ids bigint[],
    queries text[]
) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    added bigint;
begin
    insert into library.activity (
        activity_id, occurred_at, principal_id, activity_type, book_id, query
    )
    select * from unnest(activity_ids, occurred_at, principal_ids, activity_types, book_ids, queries)
    on conflict do nothing;
    get diagnostics added = row_count;
    return added;
end;
$$;

revoke all on function library.record_activity(
    bigint[], timestamptz[], bigint[], text[], bigint[], text[]
) from public;
